"""Allocation of whole columns with numpy: all shares in one division, then one sort for the units left over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.rounding import Rounding

__all__ = ["allocate_words"]

Signed = npt.NDArray[np.int64]

_LARGEST_WORD = (1 << 63) - 1


def allocate_words(amounts: Signed, weights: Signed, lengths: Signed) -> Signed | None:
    """The parts of all rows, one after the other; None if a product may not fit a word, or a row can't be split.

    ``weights`` are those of all rows, ``lengths`` how many of them each row has.
    """
    magnitudes = np.abs(amounts)
    largest = int(magnitudes.max(initial=0)) * int(weights.max(initial=0))
    if weights.min(initial=0) < 0 or amounts.min(initial=0) == -_LARGEST_WORD - 1 or largest > _LARGEST_WORD:
        return None
    if len(weights) * int(weights.max(initial=0)) > _LARGEST_WORD:
        return None
    rows = np.repeat(np.arange(len(amounts)), lengths)
    totals = _sums(weights, lengths)
    if ((totals == 0) & (amounts != 0)).any():
        return None
    divided = divide_arrow(
        pa.array(magnitudes[rows] * weights),
        pa.array(np.maximum(totals, 1)[rows]),
        rounding=Rounding.TRUNCATE,
        on_error="raise",
    )
    shares, remainders = (divided.field(place).to_numpy() for place in (0, 1))
    left_over = magnitudes - _sums(shares, lengths)
    parts: Signed = shares + _gets_one(rows, remainders, left_over, lengths)
    return np.where(amounts[rows] < 0, -parts, parts)


def _sums(values: Signed, lengths: Signed) -> Signed:
    """The sum of each row's values; rows may be empty."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])
    ends = np.cumsum(lengths)
    sums: Signed = running[ends] - running[ends - lengths]
    return sums


def _gets_one(rows: Signed, remainders: Signed, left_over: Signed, lengths: Signed) -> Signed:
    """1 for the largest remainders of each row, the first of equal ones, as many as units are left over."""
    order = np.lexsort((-remainders, rows))
    starts = np.cumsum(lengths) - lengths
    rank = np.empty(len(rows), np.int64)
    rank[order] = np.arange(len(rows)) - starts[rows]
    ones: Signed = (rank < left_over[rows]).astype(np.int64)
    return ones
