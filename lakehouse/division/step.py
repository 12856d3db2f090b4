"""When a truncated quotient takes one step away from zero: what all roundings come down to."""

from __future__ import annotations

from enum import Enum, auto

from lakehouse.division.numerals import digits_of

__all__ = ["TO_NEAREST", "Step"]


class Step(Enum):
    """The condition, for a quotient that leaves a remainder; an exact one never takes a step."""

    NEVER = auto()
    ALWAYS = auto()
    IF_SIGNS_DIFFER = auto()
    IF_SIGNS_AGREE = auto()
    IF_DIVIDEND_IS_NEGATIVE = auto()
    BEYOND_HALF_OR_TIED_ODD = auto()
    BEYOND_HALF_OR_TIED = auto()
    BEYOND_HALF = auto()
    AFTER_0_OR_5 = auto()
    """The quotient's last decimal digit is one of these."""

    def is_taken(
        self, *, quotient: int, remainder: int, divisor: int, negative_dividend: bool, negative_divisor: bool
    ) -> bool:
        """Whether the truncated quotient of these magnitudes takes the step."""
        if not remainder:
            return False
        twice = remainder << 1
        match self:
            case Step.NEVER:
                return False
            case Step.ALWAYS:
                return True
            case Step.IF_SIGNS_DIFFER:
                return negative_dividend != negative_divisor
            case Step.IF_SIGNS_AGREE:
                return negative_dividend == negative_divisor
            case Step.IF_DIVIDEND_IS_NEGATIVE:
                return negative_dividend
            case Step.BEYOND_HALF_OR_TIED_ODD:
                return twice > divisor or (twice == divisor and bool(quotient & 1))
            case Step.BEYOND_HALF_OR_TIED:
                return twice >= divisor
            case Step.BEYOND_HALF:
                return twice > divisor
            case Step.AFTER_0_OR_5:
                return digits_of(quotient, 10)[-1] in {0, 5}


TO_NEAREST = frozenset({Step.BEYOND_HALF_OR_TIED_ODD, Step.BEYOND_HALF_OR_TIED, Step.BEYOND_HALF})
