"""To which whole number a quotient goes, and to which digit a decimal goes."""

from __future__ import annotations

from enum import Enum

from lakehouse.division.step import Step

__all__ = ["DecimalRounding", "Rounding"]


class Rounding(Enum):
    """Which whole quotient a division takes; the remainder's sign follows from it."""

    TRUNCATE = "truncate"
    """Towards zero; the remainder has the dividend's sign (C, Java, Spark's ``div`` and ``%``)."""
    FLOOR = "floor"
    """Down; the remainder has the divisor's sign (Python)."""
    EUCLIDEAN = "euclidean"
    """The remainder is never negative (Boute 1992)."""
    CEILING = "ceiling"
    """Up; the remainder has the sign opposite to the divisor's."""
    HALF_EVEN = "half_even"
    """To the nearest, a tie to the even quotient; the remainder is at most half the divisor."""

    @property
    def step(self) -> Step:
        """When the truncated quotient takes a step away from zero."""
        return _STEPS[self]


_STEPS = {
    Rounding.TRUNCATE: Step.NEVER,
    Rounding.FLOOR: Step.IF_SIGNS_DIFFER,
    Rounding.EUCLIDEAN: Step.IF_DIVIDEND_IS_NEGATIVE,
    Rounding.CEILING: Step.IF_SIGNS_AGREE,
    Rounding.HALF_EVEN: Step.BEYOND_HALF_OR_TIED_ODD,
}


class DecimalRounding(Enum):
    """What happens to digits beyond the precision (General Decimal Arithmetic, "Rounding algorithms")."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_DOWN = "half_down"
    HALF_EVEN = "half_even"
    CEILING = "ceiling"
    FLOOR = "floor"
    ZERO_FIVE_UP = "05up"
    """Away from zero only if the last digit kept is 0 or 5, so that a later rounding is not a double one."""

    @property
    def step(self) -> Step:
        """When a truncated quotient takes a step away from zero."""
        return _DECIMAL_STEPS[self]

    def moves_away(self, *, last_digit: int, half: int, negative: bool) -> bool:
        """Whether inexact digits push the last digit kept away from zero; ``half`` is -1, 0, 1: what was
        dropped is below, at or above one half."""
        match self:
            case DecimalRounding.DOWN:
                return False
            case DecimalRounding.UP:
                return True
            case DecimalRounding.HALF_UP:
                return half >= 0
            case DecimalRounding.HALF_DOWN:
                return half > 0
            case DecimalRounding.HALF_EVEN:
                return half > 0 or (half == 0 and bool(last_digit & 1))
            case DecimalRounding.CEILING:
                return not negative
            case DecimalRounding.FLOOR:
                return negative
            case DecimalRounding.ZERO_FIVE_UP:
                return last_digit in {0, 5}


_DECIMAL_STEPS = {
    DecimalRounding.DOWN: Step.NEVER,
    DecimalRounding.UP: Step.ALWAYS,
    DecimalRounding.HALF_UP: Step.BEYOND_HALF_OR_TIED,
    DecimalRounding.HALF_DOWN: Step.BEYOND_HALF,
    DecimalRounding.HALF_EVEN: Step.BEYOND_HALF_OR_TIED_ODD,
    DecimalRounding.CEILING: Step.IF_SIGNS_AGREE,
    DecimalRounding.FLOOR: Step.IF_SIGNS_DIFFER,
    DecimalRounding.ZERO_FIVE_UP: Step.AFTER_0_OR_5,
}
