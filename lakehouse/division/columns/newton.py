"""Division by Newton's reciprocal with numpy: it multiplies, so it is another strategy and not the default.

``y' = y * (2 - d * y)`` doubles the correct bits of ``y = 1 by d`` each time (Hacker's Delight and Knuth
4.3.3 give the method); a quotient from 53 bits is then corrected twice, so that the result is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lakehouse.division.columns.kernel import MagnitudeKernel
from lakehouse.errors import LakehouseError

__all__ = ["NewtonReciprocal", "make_kernel"]

Words = npt.NDArray[np.uint64]
Doubles = npt.NDArray[np.float64]

# The line that is closest to 1 by d on [1/2, 1): 48/17 - 32/17 * d, off by 1/17 at most.
_LINE_AT_ZERO = 2.823529411764706
_LINE_SLOPE = 1.8823529411764706
_ITERATIONS = 4
"""From an error of 1/17: 1/17^2, ^4, ^8, ^16 < 2^-53."""
_BELOW_ONE = 1.0 - 2.0e-15
"""Keeps each estimate at or below the true quotient, for all its rounding errors."""


class NewtonReciprocal:
    """Estimate, multiply back, subtract; twice, and one compare at the end."""

    def divide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        reciprocals = _reciprocals(divisors)
        quotients.fill(0)
        remainders[:] = dividends
        for _ in range(2):
            estimate = (remainders.astype(np.float64) * reciprocals).astype(np.uint64)
            np.add(quotients, estimate, out=quotients)
            np.subtract(remainders, estimate * divisors, out=remainders)
        one_more = remainders >= divisors
        np.subtract(remainders, divisors, out=remainders, where=one_more)
        np.add(quotients, one_more, out=quotients, casting="unsafe")

    def divide_wide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        raise LakehouseError(
            "Newton's reciprocal has no form for two words.", fix="use algorithm='shift_subtract'."
        )


def _reciprocals(divisors: Words) -> Doubles:
    """A little below the reciprocal of each divisor."""
    mantissas, exponents = np.frexp(divisors.astype(np.float64))
    guesses: Doubles = _LINE_AT_ZERO - _LINE_SLOPE * mantissas
    for _ in range(_ITERATIONS):
        guesses *= 2.0 - mantissas * guesses
    scaled: Doubles = np.ldexp(guesses * _BELOW_ONE, -exponents)
    return scaled


def make_kernel() -> MagnitudeKernel:
    """A kernel without state."""
    return NewtonReciprocal()
