"""What a query for one value of a column has to read, told from the bounds of the files alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from lakehouse.optimization.layouts.loads import NO_LOAD, Load

__all__ = ["PointQueries", "Range", "hull", "probes_of"]

Range: TypeAlias = tuple[Any, Any] | None
"""The smallest and largest value of a file; None where they are not known, so that every query reads it."""

_MOST_PROBES = 64
_QUARTERS = (1, 2, 3)


def probes_of(ranges: Sequence[Range], *, most: int = _MOST_PROBES) -> list[Any]:
    """Return values to ask for, evenly over those that files may hold: their bounds, and numbers in between."""
    values = sorted(value for each in ranges if each is not None for value in _within(*each))
    step = max(1, -(-len(values) // most))
    return values[min(step, len(values)) // 2 :: step]


def _within(low: Any, high: Any) -> Iterator[Any]:
    yield low
    if isinstance(low, int):
        # In whole numbers: a float is not exact beyond 2^53, and may lie outside of the range and of its type.
        yield from (low + (high - low) * quarters // 4 for quarters in _QUARTERS)
    elif isinstance(low, float):
        yield from (low + (high - low) * quarters / 4 for quarters in _QUARTERS)
    yield high


def hull(ranges: Sequence[Range]) -> Range:
    """Return the range that holds all of these; None where one is not known."""
    known = [each for each in ranges if each is not None]
    if len(known) < len(ranges) or not known:
        return None
    return min(low for low, _ in known), max(high for _, high in known)


class PointQueries:
    """Files that are asked for one value: how many of them may hold it, and their size."""

    def __init__(self, ranges: Sequence[Range], sizes: Sequence[int]) -> None:
        known = [(each, size) for each, size in zip(ranges, sizes, strict=True) if each is not None]
        self._unknown = Load(
            files=len(ranges) - len(known), size_bytes=sum(sizes) - sum(size for _, size in known)
        )
        self._lows, self._bytes_from = _cumulated((each[0], size) for each, size in known)
        self._highs, self._bytes_to = _cumulated((each[1], size) for each, size in known)

    def load_of(self, value: Any) -> Load:
        """Return what a query for ``value`` reads."""
        begun, ended = bisect_right(self._lows, value), bisect_left(self._highs, value)
        read = Load(files=begun - ended, size_bytes=self._bytes_from[begun] - self._bytes_to[ended])
        return read + self._unknown

    def mean(self, values: Sequence[Any]) -> Load:
        """Return what a query for one of ``values`` reads in the mean."""
        if not values:
            return self._unknown
        return sum((self.load_of(value) for value in values), NO_LOAD).shared_by(len(values))


def _cumulated(pairs: Any) -> tuple[list[Any], list[int]]:
    ordered = sorted(pairs, key=lambda pair: pair[0])
    return [value for value, _ in ordered], list(accumulate((size for _, size in ordered), initial=0))
