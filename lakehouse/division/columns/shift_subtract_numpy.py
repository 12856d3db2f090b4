"""Restoring division of a block of rows at once, a bit of all quotients a step, with numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel

__all__ = ["NumpyShiftSubtract", "make_kernel", "steps_needed"]

Words = npt.NDArray[np.uint64]

_ONE = np.uint64(1)
_TOP_BIT = np.uint64(63)
_WORD_BITS = 64
_FRACTION_BITS = np.int64(52)
_CHEAP_STEPS = 8
"""So few steps cost less than a look at every row."""


def steps_needed(dividends: Words, divisors: Words) -> int:
    """How many bits the longest quotient of the block may have: the other steps would find zeros only."""
    longest = int(dividends.max(initial=0)).bit_length() - int(divisors.min(initial=1)).bit_length() + 1
    if longest > _CHEAP_STEPS:
        longest = min(longest, int((_exponents(dividends) - _exponents(divisors)).max()) + 2)
    return min(max(longest, 0), _WORD_BITS)


def _exponents(magnitudes: Words) -> npt.NDArray[np.int64]:
    """How long each number is, or one more: a conversion to a float may round up to the next power of two."""
    exponents: npt.NDArray[np.int64] = magnitudes.astype(np.float64).view(np.int64) >> _FRACTION_BITS
    return exponents


class NumpyShiftSubtract:
    """Shift, compare and subtract; the compare is an unsigned minimum, as negative differences wrap."""

    def __init__(self) -> None:
        self._difference = np.empty(BLOCK_ROWS, np.uint64)
        self._wide = np.empty((6, BLOCK_ROWS), np.uint64)

    def divide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        steps = steps_needed(dividends, divisors)
        if not steps:
            quotients.fill(0)
            remainders[:] = dividends
            return
        _start(dividends, quotients, remainders, steps)
        difference = self._difference[: len(dividends)]
        for _ in range(steps):
            _shift_in(quotients, remainders, difference)
            np.subtract(remainders, divisors, out=difference)
            np.minimum(remainders, difference, out=remainders)
            # The top bit of the difference is set where the divisor did not go in: it is the inverted bit.
            np.right_shift(difference, _TOP_BIT, out=difference)
            np.bitwise_or(quotients, difference, out=quotients)
        np.invert(quotients, out=quotients)
        np.bitwise_and(quotients, np.uint64((1 << steps) - 1), out=quotients)

    def divide_wide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        rows = dividends.shape[1]
        low, high, borrow, spare, shifted, keep = (row[:rows] for row in self._wide)
        quotients[:] = dividends
        remainders.fill(0)
        for _ in range(2 * _WORD_BITS):
            _shift_in(remainders[0], remainders[1], spare)
            np.right_shift(quotients[1], _TOP_BIT, out=spare)
            np.bitwise_or(remainders[0], spare, out=remainders[0])
            _shift_in(quotients[0], quotients[1], spare)
            np.subtract(remainders[0], divisors[0], out=low)
            np.copyto(borrow, remainders[0] < divisors[0])
            np.subtract(remainders[1], divisors[1], out=high)
            np.subtract(high, borrow, out=high)
            np.right_shift(high, _TOP_BIT, out=shifted)
            # All ones where the divisor went in, else zero: picks the difference or the old remainder.
            np.subtract(shifted, _ONE, out=keep)
            _pick(low, remainders[0], keep, spare)
            _pick(high, remainders[1], keep, spare)
            np.bitwise_and(keep, _ONE, out=keep)
            np.bitwise_or(quotients[0], keep, out=quotients[0])


def _start(dividends: Words, quotients: Words, remainders: Words, steps: int) -> None:
    """The dividend's low ``steps`` bits wait in the quotient's place; those above are below the divisor."""
    if steps == _WORD_BITS:
        quotients[:] = dividends
        remainders.fill(0)
        return
    np.left_shift(dividends, np.uint64(_WORD_BITS - steps), out=quotients)
    np.right_shift(dividends, np.uint64(steps), out=remainders)


def _shift_in(low: Words, high: Words, spare: Words) -> None:
    """Shift the two words left by one as one number."""
    np.left_shift(high, _ONE, out=high)
    np.right_shift(low, _TOP_BIT, out=spare)
    np.bitwise_or(high, spare, out=high)
    np.left_shift(low, _ONE, out=low)


def _pick(chosen: Words, target: Words, mask: Words, spare: Words) -> None:
    np.bitwise_xor(chosen, target, out=spare)
    np.bitwise_and(spare, mask, out=spare)
    np.bitwise_xor(target, spare, out=target)


def make_kernel() -> MagnitudeKernel:
    """A kernel with scratch memory of its own."""
    return NumpyShiftSubtract()
