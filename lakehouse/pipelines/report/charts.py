"""Small drawings that stand beside the numbers they show, never in their place."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.pipelines.report.markup import Html, element

__all__ = ["bar", "trend"]

_STEP, _TALL = 5, 16


def bar(value: float | None, most: float) -> Html | None:
    """Return a bar as long as ``value`` is of ``most``; None where there is nothing to show."""
    if value is None or most <= 0:
        return None
    width = max(round(100 * value / most), 1)
    return element(
        "svg", element("rect", width=f"{width}%", height=6, rx=2), class_="bar", aria_hidden="true"
    )


def trend(values: Sequence[int]) -> Html | None:
    """Return a step for each value, oldest first, the highest for the greatest; None for fewer than two."""
    most = max(values, default=0)
    if len(values) < 2 or most == 0:
        return None
    tops = (_TALL - (max(round(_TALL * value / most), 1) if value else 0) for value in values)
    drawn = f"M0 {_TALL}{''.join(f'V{top}h{_STEP}' for top in tops)}V{_TALL}z"
    return element(
        "svg",
        element("path", d=drawn),
        class_="trend",
        width=len(values) * _STEP,
        height=_TALL,
        aria_hidden="true",
    )
