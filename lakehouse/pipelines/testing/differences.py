"""How two sets of rows differ, line by line, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

__all__ = ["difference"]

_MOST_LINES = 40


def difference(
    expected: Sequence[tuple[Any, ...]], found: Sequence[tuple[Any, ...]], columns: Sequence[str]
) -> str | None:
    """Return the rows that only one side has, beside those that both have; None where all are the same.

    Rows count as often as they are there, in any order. NaN is itself.
    """
    ours, theirs = Counter(map(_keyed, expected)), Counter(map(_keyed, found))
    if ours == theirs:
        return None
    missing, extra, same = ours - theirs, theirs - ours, ours & theirs
    marked = [("-", row) for row in missing.elements()] + [("+", row) for row in extra.elements()]
    marked = sorted(marked, key=lambda each: (repr(each[1]), each[0]))
    marked += [("=", row) for row in sorted(same.elements(), key=repr)]
    lines = [("", *columns), *((mark, *map(_shown, row)) for mark, row in marked[:_MOST_LINES])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    if len(marked) > _MOST_LINES:
        table.append(f"… and {len(marked) - _MOST_LINES} more rows")
    counts = f"{missing.total()} expected rows are missing (-), {extra.total()} others are there (+)"
    return "\n".join([counts, *table])


def _keyed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(_comparable, row))


def _comparable(value: Any) -> Any:
    """Return a value that is equal to itself and can be counted."""
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    if isinstance(value, dict):
        return tuple(sorted(((key, _comparable(each)) for key, each in value.items()), key=repr))
    return bytes(value) if isinstance(value, bytearray) else value


def _shown(value: Any) -> str:
    return "NULL" if value is None else repr(value) if isinstance(value, str) else str(value)
