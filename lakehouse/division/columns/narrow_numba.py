"""The same blocks with signs and rounding compiled too: one pass before the kernel, one after it."""

from __future__ import annotations

import numpy as np

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel
from lakehouse.division.columns.narrow import NarrowDivider
from lakehouse.division.columns.rounded import Mask, Signed, Words
from lakehouse.division.columns.shift_subtract_numba import compiled
from lakehouse.division.rounding import Rounding

__all__ = ["CompiledNarrowDivider"]

_SIGN_BIT = np.int64(63)
_FLOOR, _EUCLIDEAN, _CEILING, _HALF_EVEN = 1, 2, 3, 4
_CODES = {
    Rounding.TRUNCATE: 0,
    Rounding.FLOOR: _FLOOR,
    Rounding.EUCLIDEAN: _EUCLIDEAN,
    Rounding.CEILING: _CEILING,
    Rounding.HALF_EVEN: _HALF_EVEN,
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
    rounding: int,
    limit: int,
) -> None:
    for row in range(dividends.shape[0]):
        quotient, remainder, divisor = quotients[row], remainders[row], lower[row]
        left = dividends[row] >> _SIGN_BIT
        sign = left ^ (divisors[row] >> _SIGN_BIT)
        inexact = remainder != np.uint64(0)
        if rounding == _FLOOR:
            away = inexact & (sign != 0)
        elif rounding == _EUCLIDEAN:
            away = inexact & (left != 0)
        elif rounding == _CEILING:
            away = inexact & (sign == 0)
        elif rounding == _HALF_EVEN:
            rest = divisor - remainder
            odd = (quotient & np.uint64(1)) != np.uint64(0)
            away = (remainder > rest) | ((remainder == rest) & odd)
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

    def __init__(self, kernel: MagnitudeKernel, *, width: int, rounding: Rounding) -> None:
        super().__init__(kernel, width=width, rounding=rounding)
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
        _finish(dividends, divisors, lower, quotients, remainders, overflow, _CODES[self.rounding], limit)
        return quotients.view(np.int64), remainders.view(np.int64), overflow
