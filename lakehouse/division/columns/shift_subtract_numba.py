"""Restoring division of a block of rows, compiled by numba (the ``fast`` extra).

Eight steps are taken for one row before the next row, so that the compiler can run the loop over rows in
its vector registers; a loop that finishes one row first is eight times slower.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt

from lakehouse.division.columns.kernel import MagnitudeKernel
from lakehouse.division.columns.shift_subtract_numpy import steps_needed

__all__ = ["NumbaShiftSubtract", "compiled", "make_kernel"]

Words = npt.NDArray[np.uint64]

_ONE = np.uint64(1)
_TOP_BIT = np.uint64(63)
_ALL_ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_STEPS_AT_ONCE = 8
_WORD_BITS = 64
_WIDE_ROUNDS = 16


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Machine code at the first call; kept on disk, unless no folder for it can be written."""
    try:
        machine_code: Callable[..., None] = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        machine_code = numba.njit(nogil=True)(function)
    return machine_code


@compiled
def _divide(dividends: Words, divisors: Words, quotients: Words, remainders: Words, rounds: int) -> None:
    steps = rounds << 3
    up, down = np.uint64(_WORD_BITS - steps), np.uint64(steps)
    for row in range(dividends.shape[0]):
        quotients[row] = dividends[row] << up
        remainders[row] = dividends[row] >> down if steps < _WORD_BITS else np.uint64(0)
    for _ in range(rounds):
        for row in range(dividends.shape[0]):
            quotient, remainder, divisor = quotients[row], remainders[row], divisors[row]
            for _step in range(_STEPS_AT_ONCE):
                remainder = (remainder << _ONE) | (quotient >> _TOP_BIT)
                difference = remainder - divisor
                quotient = (quotient << _ONE) | (difference >> _TOP_BIT)
                remainder = min(remainder, difference)
            quotients[row], remainders[row] = quotient, remainder
    mask = _ALL_ONES >> up
    for row in range(dividends.shape[0]):
        quotients[row] = ~quotients[row] & mask


@compiled
def _divide_wide(dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
    rows = dividends.shape[1]
    for row in range(rows):
        quotients[0, row], quotients[1, row] = dividends[0, row], dividends[1, row]
        remainders[0, row] = remainders[1, row] = np.uint64(0)
    for _ in range(_WIDE_ROUNDS):
        for row in range(rows):
            low, high = quotients[0, row], quotients[1, row]
            rest_low, rest_high = remainders[0, row], remainders[1, row]
            for _step in range(_STEPS_AT_ONCE):
                rest_high = (rest_high << _ONE) | (rest_low >> _TOP_BIT)
                rest_low = (rest_low << _ONE) | (high >> _TOP_BIT)
                high = (high << _ONE) | (low >> _TOP_BIT)
                less_low = rest_low - divisors[0, row]
                borrow = np.uint64(rest_low < divisors[0, row])
                less_high = rest_high - divisors[1, row] - borrow
                misses = less_high >> _TOP_BIT
                low = (low << _ONE) | (_ONE - misses)
                keep = misses - _ONE
                rest_low ^= (rest_low ^ less_low) & keep
                rest_high ^= (rest_high ^ less_high) & keep
            quotients[0, row], quotients[1, row] = low, high
            remainders[0, row], remainders[1, row] = rest_low, rest_high


class NumbaShiftSubtract:
    """The compiled kernel: no scratch memory, the state is in the output."""

    def divide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        rounds = (steps_needed(dividends, divisors) + _STEPS_AT_ONCE - 1) >> 3
        if rounds:
            _divide(dividends, divisors, quotients, remainders, rounds)
        else:
            quotients.fill(0)
            remainders[:] = dividends

    def divide_wide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        _divide_wide(dividends, divisors, quotients, remainders)


def make_kernel() -> MagnitudeKernel:
    """Compiled at its first use in an environment; the machine code is cached beside the source."""
    return NumbaShiftSubtract()
