"""Numbers, lengths of time and moments as people read them."""

from __future__ import annotations

import datetime as dt

from lakehouse.pipelines.report.markup import Html, element

__all__ = ["count", "length", "moment", "number", "size"]


def number(value: int | None) -> str:
    """Return a number with its thousands apart; empty for None."""
    return "" if value is None else f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """Return ``1 row`` or ``2 rows``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def length(seconds: float | None) -> str:
    """Return a length of time with the precision that it deserves; empty for None."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def size(size_bytes: int | None) -> str:
    """Return a size in the unit that fits; empty for None."""
    if size_bytes is None:
        return ""
    value = float(size_bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} TB"


def moment(at: dt.datetime | None) -> Html | None:
    """Return a moment in UTC, to the minute."""
    if at is None:
        return None
    return element("time", f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}")
