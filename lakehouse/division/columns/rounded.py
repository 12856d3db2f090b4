"""From truncated magnitudes to the signed quotients and remainders that a rounding asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lakehouse.division.rounding import Rounding

__all__ = ["magnitudes", "moves_away", "signed"]

Words = npt.NDArray[np.uint64]
Signed = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SIGN_BIT = np.int64(63)


def magnitudes(values: Signed) -> Words:
    """Without the sign; the smallest number's magnitude, 2^63, is right too, as the words are unsigned."""
    return np.abs(values).view(np.uint64)


def signed(magnitude: Words, negative: Signed) -> Signed:
    """Two's complement of magnitudes; ``negative`` is -1 or 0."""
    value = magnitude.view(np.int64)
    result: Signed = (value ^ negative) - negative
    return result


def signs(values: Signed) -> Signed:
    """-1 or 0."""
    result: Signed = values >> _SIGN_BIT
    return result


def moves_away(
    rounding: Rounding, *, dividends: Signed, divisors: Signed, inexact: Mask, nearer_above: Mask | None
) -> Mask | None:
    """Which quotients take a step from zero; None: none. ``nearer_above`` is for HALF_EVEN only."""
    match rounding:
        case Rounding.TRUNCATE:
            return None
        case Rounding.FLOOR:
            return inexact & ((dividends ^ divisors) < 0)
        case Rounding.EUCLIDEAN:
            return inexact & (dividends < 0)
        case Rounding.CEILING:
            return inexact & ((dividends ^ divisors) >= 0)
        case Rounding.HALF_EVEN:
            return nearer_above


def nearer_above_words(quotients: Words, remainders: Words, divisors: Words) -> Mask:
    """Whether twice the remainder is beyond the divisor, or equal to it at an odd quotient."""
    rest = divisors - remainders
    beyond: Mask = (remainders > rest) | ((remainders == rest) & ((quotients & np.uint64(1)) != 0))
    return beyond
