"""By which column the files of a table differ, told from their statistics alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.scan.predicates import ColumnPath
from lakehouse.delta_log.scan.statistics import ColumnBounds, column_bounds, find_column, ordinals
from lakehouse.delta_log.schema import StructType

__all__ = ["Separation", "separation_of"]

_SAMPLE = 1_000
"""Files that are looked at, evenly over all: enough to tell columns apart."""
_USELESS = 0.9
"""A column of which a usual value may lie in more than this share of the files separates nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """The column that separates the files best."""

    path: ColumnPath
    cuts: tuple[Any, ...]
    """Ascending values at which files begin: dates as days and moments as microseconds since 1970."""
    share: float
    """The share of the files in which a usual value may lie."""


def separation_of(
    files: pa.Table, paths: Sequence[ColumnPath], schema: StructType, *, most_cuts: int
) -> Separation | None:
    """Return the best of the columns; None where statistics are missing or the files hold the same values."""
    step = -(-max(files.num_rows, 1) // _SAMPLE)
    stats = files.column("stats").to_pylist()[::step]
    bounds = column_bounds(stats, {path: find_column(schema, path) or [] for path in paths})
    found = [each for path, known in bounds.items() if (each := _separation(path, known, most_cuts))]
    return min(found, key=lambda each: each.share, default=None)


def _separation(path: ColumnPath, bounds: ColumnBounds, most_cuts: int) -> Separation | None:
    pairs = zip(ordinals(bounds.smallest), ordinals(bounds.largest), strict=True)
    known = [(low, high) for low, high in pairs if low is not None and high is not None]
    if len(known) < 2:
        return None
    lows, highs = sorted(low for low, _ in known), sorted(high for _, high in known)
    beside = sum(bisect_right(lows, high) - bisect_left(highs, low) for low, high in known)
    share = beside / len(known) ** 2
    if share > _USELESS:
        return None
    distinct = sorted(set(lows))
    step = -(-len(distinct) // most_cuts)
    return Separation(path=path, cuts=tuple(distinct[::step]), share=share)
