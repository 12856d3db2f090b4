"""The same blocks with signs and rounding compiled too: one pass before the kernel, one after it."""

from __future__ import annotations

import numpy as np

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel
from lakehouse.division.columns.narrow import NarrowDivider
from lakehouse.division.columns.rounded import Mask, Signed, Words
from lakehouse.division.columns.shift_subtract_numba import compiled
from lakehouse.division.step import Step

__all__ = ["CompiledNarrowDivider"]

_SIGN_BIT = np.int64(63)
_NEVER, _ALWAYS, _DIFFER, _AGREE, _NEGATIVE, _TIED_ODD, _TIED, _BEYOND = range(8)
_CODES = {
    Step.NEVER: _NEVER,
    Step.ALWAYS: _ALWAYS,
    Step.IF_SIGNS_DIFFER: _DIFFER,
    Step.IF_SIGNS_AGREE: _AGREE,
    Step.IF_DIVIDEND_IS_NEGATIVE: _NEGATIVE,
    Step.BEYOND_HALF_OR_TIED_ODD: _TIED_ODD,
    Step.BEYOND_HALF_OR_TIED: _TIED,
    Step.BEYOND_HALF: _BEYOND,
}


@compiled
def _magnitudes(dividends: Signed, divisors: Signed, upper: Words, lower: Words) -> None:
    for row in range(dividends.shape[0]):
        left, right = dividends[row] >> _SIGN_BIT, divisors[row] >> _SIGN_BIT
        upper[row] = np.uint64((dividends[row] ^ left) - left)
        lower[row] = np.uint64((divisors[row] ^ right) - right)


@compiled
def _finish(
    dividends: Signed,
    divisors: Signed,
    lower: Words,
    quotients: Words,
    remainders: Words,
    overflow: Mask,
    step: int,
    limit: int,
) -> None:
    for row in range(dividends.shape[0]):
        quotient, remainder, divisor = quotients[row], remainders[row], lower[row]
        left = dividends[row] >> _SIGN_BIT
        sign = left ^ (divisors[row] >> _SIGN_BIT)
        inexact = remainder != np.uint64(0)
        if step == _DIFFER:
            away = inexact & (sign != 0)
        elif step == _NEGATIVE:
            away = inexact & (left != 0)
        elif step == _AGREE:
            away = inexact & (sign == 0)
        elif step == _TIED_ODD:
            rest = divisor - remainder
            odd = (quotient & np.uint64(1)) != np.uint64(0)
            away = (remainder > rest) | ((remainder == rest) & odd)
        elif step == _TIED:
            away = remainder >= divisor - remainder
        elif step == _BEYOND:
            away = remainder > divisor - remainder
        elif step == _ALWAYS:
            away = inexact
        else:
            away = False
        rest_sign = left ^ -np.int64(away)
        remainder = divisor - remainder if away else remainder
        quotient += np.uint64(away)
        overflow[row] = (quotient >= np.uint64(limit)) & (sign == 0)
        quotients[row] = np.uint64((np.int64(quotient) ^ sign) - sign)
        remainders[row] = np.uint64((np.int64(remainder) ^ rest_sign) - rest_sign)


class CompiledNarrowDivider(NarrowDivider):
    """A NarrowDivider of which every pass is compiled."""

    def __init__(self, kernel: MagnitudeKernel, *, width: int, step: Step) -> None:
        super().__init__(kernel, width=width, step=step)
        self._inputs = np.empty((2, BLOCK_ROWS), np.uint64)
        self._overflow = np.empty(BLOCK_ROWS, np.bool_)

    def magnitudes(self, dividends: Signed, divisors: Signed) -> tuple[Words, Words]:
        upper, lower = (row[: len(dividends)] for row in self._inputs)
        _magnitudes(dividends, divisors, upper, lower)
        return upper, lower

    def finish(
        self, dividends: Signed, divisors: Signed, lower: Words, quotients: Words, remainders: Words
    ) -> tuple[Signed, Signed, Mask]:
        overflow = self._overflow[: len(dividends)]
        limit = np.uint64(1 << (self.width - 1))
        _finish(dividends, divisors, lower, quotients, remainders, overflow, _CODES[self.step], limit)
        return quotients.view(np.int64), remainders.view(np.int64), overflow
