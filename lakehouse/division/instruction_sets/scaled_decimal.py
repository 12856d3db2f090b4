"""Decimals with a fixed scale, as columns of money have them: what does not go in remains, to the digit."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.division.decimal_operand import DecimalOperand, as_decimal
from lakehouse.division.errors import DivideByZeroException, InvalidOperandError, NumericalOverflowException
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.numerals import digit_count, power, scale_up
from lakehouse.division.operand import Operand
from lakehouse.division.result import Result
from lakehouse.division.rounding import DecimalRounding

__all__ = ["ScaledDecimalInstructionSet"]

_LARGEST_EXPONENT = 9_999
"""Either way: a numeric string of ten characters must not ask for a gigabyte of zeros."""


class ScaledDecimalInstructionSet(InstructionSet):
    """A quotient with ``scale`` digits after the point and ``precision`` in all; the remainder is exact.

    ``dividend = quotient * divisor + remainder`` holds to the last digit, whichever way ``rounding`` went.
    """

    base = 10

    def __init__(
        self,
        *,
        scale: int,
        precision: int | None = 38,
        rounding: DecimalRounding = DecimalRounding.HALF_EVEN,
    ) -> None:
        if scale < 0 or (precision is not None and precision < max(scale, 1)):
            raise InvalidOperandError(value=(precision, scale), expected="a precision >= scale >= 0")
        self.scale = scale
        self.precision = precision
        self.rounding = rounding

    def shift_left(self, magnitude: int, places: int) -> int:
        return scale_up(magnitude, places, 10)

    def length(self, magnitude: int) -> int:
        return digit_count(magnitude, 10)

    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        for operand in (as_decimal(dividend), as_decimal(divisor)):
            if operand.kind is not NumberKind.FINITE:
                raise InvalidOperandError(value=str(operand), expected="a finite decimal")
            if abs(operand.exponent) > _LARGEST_EXPONENT:
                limit = f"exponents of -{_LARGEST_EXPONENT} to {_LARGEST_EXPONENT}"
                raise NumericalOverflowException(value=operand, limit=limit)
        if as_decimal(divisor).is_zero:
            raise DivideByZeroException(dividend=dividend, divisor=divisor)
        return None

    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        left, right = as_decimal(dividend), as_decimal(divisor)
        places = left.exponent - right.exponent + self.scale
        return [
            Ratio(
                dividend=scale_up(left.magnitude, max(places, 0), 10),
                divisor=scale_up(right.magnitude, max(-places, 0), 10),
                negative_dividend=left.negative,
                negative_divisor=right.negative,
                integral=False,
            )
        ]

    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        (ratio,), (whole,) = self.ratios(dividend, divisor), quotients
        quotient, remainder, negative = whole.quotient, whole.remainder, whole.negative_remainder
        if remainder and self._moves_away(whole, ratio):
            quotient, remainder, negative = quotient + 1, ratio.divisor - remainder, not negative
        if self.precision is not None and quotient >= power(10, self.precision):
            limit = f"decimal({self.precision},{self.scale})"
            raise NumericalOverflowException(value=f"{dividend} by {divisor}", limit=limit)
        return Result(
            quotient=DecimalOperand(
                negative=whole.negative_quotient and quotient > 0, magnitude=quotient, exponent=-self.scale
            ),
            remainder=DecimalOperand(
                negative=negative and remainder > 0,
                magnitude=remainder,
                exponent=min(as_decimal(dividend).exponent, as_decimal(divisor).exponent - self.scale),
            ),
        )

    def _moves_away(self, whole: WholeQuotient, ratio: Ratio) -> bool:
        twice = whole.remainder << 1
        return self.rounding.moves_away(
            last_digit=_last_digit(whole.quotient),
            half=(twice > ratio.divisor) - (twice < ratio.divisor),
            negative=whole.negative_quotient,
        )


def _last_digit(magnitude: int) -> int:
    for place in range(digit_count(magnitude, 10) - 1, 0, -1):
        unit = power(10, place)
        while magnitude >= unit:
            magnitude -= unit
    return magnitude
