"""To which whole number a quotient goes, and to which digit a decimal goes."""

from __future__ import annotations

from enum import Enum

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

    def moves_away(
        self,
        *,
        quotient: int,
        remainder: int,
        divisor: int,
        negative_dividend: bool,
        negative_divisor: bool,
    ) -> bool:
        """Whether the truncated quotient of these magnitudes has to take one step away from zero."""
        if not remainder:
            return False
        match self:
            case Rounding.TRUNCATE:
                return False
            case Rounding.FLOOR:
                return negative_dividend != negative_divisor
            case Rounding.EUCLIDEAN:
                return negative_dividend
            case Rounding.CEILING:
                return negative_dividend == negative_divisor
            case Rounding.HALF_EVEN:
                twice = remainder << 1
                return twice > divisor or (twice == divisor and bool(quotient & 1))


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
