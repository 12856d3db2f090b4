"""From truncated magnitudes to the signed quotients and remainders that a rounding asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lakehouse.division.step import Step

__all__ = ["magnitudes", "moves_away", "nearer_above", "nearer_above_words", "signed", "signs"]

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
    step: Step, *, dividends: Signed, divisors: Signed, inexact: Mask, is_nearer: Mask | None
) -> Mask | None:
    """Which quotients take a step from zero; None: not one. ``is_nearer`` is for the roundings to the nearest."""
    match step:
        case Step.NEVER:
            return None
        case Step.IF_SIGNS_DIFFER:
            return inexact & ((dividends ^ divisors) < 0)
        case Step.IF_DIVIDEND_IS_NEGATIVE:
            return inexact & (dividends < 0)
        case Step.IF_SIGNS_AGREE:
            return inexact & ((dividends ^ divisors) >= 0)
        case Step.ALWAYS:
            return inexact
        case _:
            return is_nearer


def nearer_above_words(step: Step, quotients: Words, remainders: Words, divisors: Words) -> Mask:
    """Which quotients have a neighbour above that is nearer to the exact one, or the one a tie goes to."""
    rest = divisors - remainders
    return nearer_above(step, quotients, beyond=remainders > rest, tied=remainders == rest)


def nearer_above(step: Step, quotients: Words, *, beyond: Mask, tied: Mask) -> Mask:
    """The same, from which remainders are beyond half the divisor, and which are half of it."""
    odd: Mask = (quotients & np.uint64(1)) != 0
    match step:
        case Step.BEYOND_HALF_OR_TIED:
            return beyond | tied
        case Step.BEYOND_HALF:
            return beyond
        case _:
            return beyond | (tied & odd)
