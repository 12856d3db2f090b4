"""Lines through a space of several columns, on which near rows are near in each column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Curve", "Numbers", "hilbert", "z_order"]

Numbers: TypeAlias = npt.NDArray[np.uint64]
Curve: TypeAlias = Callable[[Sequence[Numbers], int], Numbers]
"""Takes a row's place in each column, each of so many bits, and gives its place on the line."""

_ONE = np.uint64(1)


def z_order(axes: Sequence[Numbers], bits: int) -> Numbers:
    """Return places on the Z curve: the bits of all columns in turn, the highest first."""
    place = np.zeros_like(axes[0])
    for bit in range(bits - 1, -1, -1):
        for axis in axes:
            place = (place << _ONE) | ((axis >> np.uint64(bit)) & _ONE)
    return place


def hilbert(axes: Sequence[Numbers], bits: int) -> Numbers:
    """Return places on the Hilbert curve, where the next place is always one step away in one column.

    By J. Skilling, "Programming the Hilbert curve", 2004.
    """
    moved = [axis.copy() for axis in axes]
    for bit in range(bits - 1, 0, -1):
        high, below = _ONE << np.uint64(bit), (_ONE << np.uint64(bit)) - _ONE
        for axis in moved:
            is_high = (axis & high) != 0
            swapped = np.where(is_high, 0, (moved[0] ^ axis) & below).astype(np.uint64)
            moved[0] ^= np.where(is_high, below, swapped)
            axis ^= swapped if axis is not moved[0] else np.uint64(0)
    for axis, before in zip(moved[1:], moved, strict=False):
        axis ^= before
    turn = np.zeros_like(moved[0])
    for bit in range(bits - 1, 0, -1):
        high = _ONE << np.uint64(bit)
        turn ^= np.where((moved[-1] & high) != 0, high - _ONE, 0).astype(np.uint64)
    return z_order([axis ^ turn for axis in moved], bits)
