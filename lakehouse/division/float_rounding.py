"""How an exact number becomes one of a floating-point format, and what it signals on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto

from lakehouse.division.float_operand import FloatFormat, FloatOperand
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.result import Result

__all__ = ["FlaggedFloat", "FloatFlag", "FloatResult", "FloatRounding", "round_to_format"]


class FloatFlag(Flag):
    """The five exceptions (IEEE 754-2019, 7)."""

    NONE = 0
    INVALID = auto()
    DIVIDE_BY_ZERO = auto()
    OVERFLOW = auto()
    UNDERFLOW = auto()
    INEXACT = auto()


class FloatRounding(Enum):
    """The five directions (IEEE 754-2019, 4.3)."""

    TIES_TO_EVEN = "ties_to_even"
    TIES_TO_AWAY = "ties_to_away"
    TOWARD_POSITIVE = "toward_positive"
    TOWARD_NEGATIVE = "toward_negative"
    TOWARD_ZERO = "toward_zero"

    def moves_away(self, *, odd: bool, half: int, negative: bool) -> bool:
        """Whether an inexact tail moves the bits kept away from zero; ``half``: the tail against one half."""
        match self:
            case FloatRounding.TIES_TO_EVEN:
                return half > 0 or (half == 0 and odd)
            case FloatRounding.TIES_TO_AWAY:
                return half >= 0
            case FloatRounding.TOWARD_POSITIVE:
                return not negative
            case FloatRounding.TOWARD_NEGATIVE:
                return negative
            case FloatRounding.TOWARD_ZERO:
                return False

    def overflows_to_infinity(self, *, negative: bool) -> bool:
        """Whether a number too large becomes infinite (else: the largest finite one)."""
        nearest = self in {FloatRounding.TIES_TO_EVEN, FloatRounding.TIES_TO_AWAY}
        return nearest or self.moves_away(odd=False, half=-1, negative=negative)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedFloat:
    """A float, and the exceptions raised in making it."""

    number: FloatOperand
    flags: FloatFlag = FloatFlag.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatResult(Result):
    """A correctly rounded quotient with its exceptions.

    The remainder is that of the *whole* quotient, which the unit's rounding chooses: TRUNCATE gives
    C's ``fmod``, HALF_EVEN the remainder of IEEE 754, both exact.
    """

    quotient: FloatOperand
    remainder: FloatOperand
    flags: FloatFlag = FloatFlag.NONE


def round_to_format(
    magnitude: int,
    exponent: int,
    *,
    negative: bool,
    sticky: bool,
    format: FloatFormat,  # noqa: A002 - IEEE 754's word
    rounding: FloatRounding,
) -> FlaggedFloat:
    """Round ``magnitude * 2^exponent``; ``sticky``: the true number is a bit more than that.

    With ``sticky``, ``magnitude`` must have more bits than the format's precision. Tininess is detected after
    rounding, as x86-64 does.
    """
    if not magnitude and not sticky:
        zero = FloatOperand(negative=negative, magnitude=0, exponent=format.tiny_exponent, format=format)
        return FlaggedFloat(number=zero)
    excess = magnitude.bit_length() - format.precision
    drop = max(excess, format.tiny_exponent - exponent, 0)
    kept, inexact = _cut(magnitude, drop, negative=negative, sticky=sticky, rounding=rounding)
    flags = FloatFlag.INEXACT if inexact else FloatFlag.NONE
    if inexact and drop > max(excess, 0):
        unbounded, _ = _cut(magnitude, max(excess, 0), negative=negative, sticky=sticky, rounding=rounding)
        if unbounded.bit_length() + max(excess, 0) + exponent - 1 < format.min_exponent:
            flags |= FloatFlag.UNDERFLOW
    exponent += drop
    if kept.bit_length() + exponent - 1 > format.max_exponent:
        return _overflow(negative=negative, format=format, rounding=rounding)
    if kept >> format.precision:
        kept, exponent = kept >> 1, exponent + 1
    number = FloatOperand(negative=negative, magnitude=kept, exponent=exponent, format=format)
    return FlaggedFloat(number=number, flags=flags)


def _cut(
    magnitude: int, drop: int, *, negative: bool, sticky: bool, rounding: FloatRounding
) -> tuple[int, bool]:
    """The bits above the lowest ``drop``, rounded, and whether anything was lost."""
    kept = magnitude >> drop
    tail, middle = magnitude - (kept << drop), (1 << drop) >> 1
    if not tail and not sticky:
        return kept, False
    half = (tail > middle) - (tail < middle) or int(sticky)
    if drop == 0:
        half = -1
    away = rounding.moves_away(odd=bool(kept & 1), half=half, negative=negative)
    return kept + int(away), True


def _overflow(
    *,
    negative: bool,
    format: FloatFormat,  # noqa: A002
    rounding: FloatRounding,
) -> FlaggedFloat:
    flags = FloatFlag.OVERFLOW | FloatFlag.INEXACT
    if rounding.overflows_to_infinity(negative=negative):
        infinite = FloatOperand(negative=negative, magnitude=0, kind=NumberKind.INFINITE, format=format)
        return FlaggedFloat(number=infinite, flags=flags)
    largest = FloatOperand(
        negative=negative,
        magnitude=(1 << format.precision) - 1,
        exponent=format.max_exponent - format.precision + 1,
        format=format,
    )
    return FlaggedFloat(number=largest, flags=flags)
