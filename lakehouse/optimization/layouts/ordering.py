"""The order of rows in which files tell a query most: several are tried on the rows, and the best is taken."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.optimization.layouts.curves import Curve, Numbers, hilbert, z_order

__all__ = ["Ordering", "Placement", "ordering_of", "placement_of"]

_CURVES: dict[str, Curve] = {"hilbert": hilbert, "z-order": z_order}
_LINEAR = "linear"
_BITS = 60
"""Of a place on a curve, shared by the columns."""
_TRIED_ROWS = 1 << 18
"""On more rows than these, only the order that is best for so many is made."""
_PROBES = 64
"""Values of a column for which the files are counted that a query would read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Rows by their numbers, as they are to be written."""

    name: str
    """``linear`` sorts by the columns one after the other."""
    indices: npt.NDArray[np.int64]
    files_of_a_point: float
    """How many files a query for one value of one of the columns has to read, in the mean."""


def ordering_of(rows: pa.Table, columns: Sequence[tuple[str, ...]], *, rows_of_a_file: int) -> Ordering:
    """Return the order, of the linear one and the curves, by which a query for one value reads the fewest files.

    Of many rows a sample decides which order that is.
    """
    names = [_LINEAR] if len(columns) == 1 else [_LINEAR, *_CURVES]
    if rows.num_rows > _TRIED_ROWS and len(names) > 1:
        step = -(-rows.num_rows // _TRIED_ROWS)
        sample = rows.select([path[0] for path in dict.fromkeys(columns)]).take(
            pa.array(range(0, rows.num_rows, step), pa.int64())
        )
        names = [ordering_of(sample, columns, rows_of_a_file=max(1, rows_of_a_file // step)).name]
    ranks = [_ranks(_column(rows, path)) for path in columns]
    orderings = (_judged(name, _indices(name, ranks), ranks, rows_of_a_file) for name in names)
    return min(orderings, key=lambda each: each.files_of_a_point)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An order that was chosen on a sample of the rows: each process can say where in it a row belongs."""

    name: str
    columns: tuple[tuple[str, ...], ...]
    cuts: tuple[tuple[Any, ...], ...]
    """By column, the values of the sample in their order."""

    def places(self, rows: pa.Table) -> Numbers:
        """Return the place of each row, as numbers in the order of the rows' places."""
        bits = min(16, _BITS // len(self.columns))
        axes = [
            _axis(_column(rows, path), cuts, bits) for path, cuts in zip(self.columns, self.cuts, strict=True)
        ]
        if self.name in _CURVES:
            return _CURVES[self.name](axes, bits)
        place = np.zeros(rows.num_rows, np.uint64)
        for axis in axes:
            place = (place << np.uint64(bits)) | axis
        return place


def placement_of(sample: pa.Table, columns: Sequence[tuple[str, ...]], *, file_count: int) -> Placement:
    """Return the order that is best for a sample of rows which become so many files."""
    best = ordering_of(sample, columns, rows_of_a_file=max(1, sample.num_rows // file_count))
    cuts = [sorted(_comparable(_column(sample, path).drop_null())) for path in columns]
    return Placement(name=best.name, columns=tuple(columns), cuts=tuple(map(tuple, cuts)))


def _axis(values: pa.ChunkedArray, cuts: Sequence[Any], bits: int) -> Numbers:
    """Return where among the cuts each value lies, in so many bits; nulls come last."""
    encoded = pc.dictionary_encode(values.combine_chunks())
    top = (1 << bits) - 1
    scale = max(1, len(cuts))
    known = [bisect_left(cuts, each) * top // scale for each in _comparable(encoded.dictionary)]
    places = np.array([*known, top], np.uint64)
    found: Numbers = places[pc.fill_null(encoded.indices, len(known)).to_numpy(zero_copy_only=False)]
    return found


def _comparable(values: pa.Array | pa.ChunkedArray) -> list[Any]:
    # Dates and moments may lie beyond Python's own.
    kind = values.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        values = values.cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
    return values.to_pylist()  # type: ignore[no-any-return]


def _indices(name: str, ranks: Sequence[Numbers]) -> npt.NDArray[np.int64]:
    """Return the rows by their numbers in an order."""
    if name in _CURVES:
        bits = min(16, _BITS // len(ranks))
        return np.argsort(_CURVES[name]([_scaled(rank, bits) for rank in ranks], bits), kind="stable")
    # np.lexsort sorts by its last key first.
    return np.lexsort(ranks[::-1]) if len(ranks) > 1 else np.argsort(ranks[0], kind="stable")


def _judged(name: str, indices: npt.NDArray[np.int64], ranks: Sequence[Numbers], length: int) -> Ordering:
    files = [_files_of_a_point(rank, indices, length) for rank in ranks]
    return Ordering(name=name, indices=indices, files_of_a_point=float(np.mean(files)))


def _files_of_a_point(ranks: Numbers, indices: npt.NDArray[np.int64], length: int) -> float:
    placed = ranks[indices]
    starts = np.arange(0, max(len(placed), 1), length)
    if not len(placed):
        return 0.0
    lows, highs = np.minimum.reduceat(placed, starts), np.maximum.reduceat(placed, starts)
    probes = placed[:: max(1, len(placed) // _PROBES)]
    return float(np.mean([np.count_nonzero((lows <= probe) & (highs >= probe)) for probe in probes]))


def _column(rows: pa.Table, path: tuple[str, ...]) -> pa.ChunkedArray:
    found = rows.column(path[0])
    for name in path[1:]:
        found = pc.struct_field(found, [name])
    return found


def _ranks(values: pa.ChunkedArray) -> Numbers:
    """Return each value's place among all, the same for the same value; nulls come last."""
    ranks: Numbers = pc.rank(values, sort_keys="ascending", tiebreaker="min").to_numpy().astype(np.uint64)
    return ranks


def _scaled(ranks: Numbers, bits: int) -> Numbers:
    scaled: Numbers = ((ranks - np.uint64(1)) << np.uint64(bits)) // np.uint64(max(len(ranks), 1))
    return scaled
