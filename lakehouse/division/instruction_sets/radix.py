"""Whole numbers in any base from 2 to 36."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.division.errors import DivideByZeroException, InvalidOperandError, NumericalOverflowException
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.numerals import check_base, digit_count, scale_up
from lakehouse.division.operand import Operand, fits, limit_of
from lakehouse.division.result import Result

__all__ = ["RadixInstructionSet"]


class RadixInstructionSet(InstructionSet):
    """Whole numbers, a digit of ``base`` at a time; ``width`` in bits, of two's complement if ``signed``."""

    def __init__(self, base: int, *, width: int | None = None, signed: bool = True) -> None:
        check_base(base)
        if width is not None and width < 2:
            raise InvalidOperandError(value=width, expected="a width of at least 2 bits, or None")
        self.base = base
        self.width = width
        self.signed = signed

    def shift_left(self, magnitude: int, places: int) -> int:
        return scale_up(magnitude, places, self.base)

    def length(self, magnitude: int) -> int:
        return digit_count(magnitude, self.base)

    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        for operand in (dividend, divisor):
            if type(operand) is not Operand:
                raise InvalidOperandError(value=operand, expected="an Operand that is a whole number")
            self._check(operand)
        if not divisor.magnitude:
            raise DivideByZeroException(dividend=dividend)
        return None

    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        return [
            Ratio(
                dividend=dividend.magnitude,
                divisor=divisor.magnitude,
                negative_dividend=dividend.negative,
                negative_divisor=divisor.negative,
            )
        ]

    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        (whole,) = quotients
        return Result(
            quotient=self._operand(whole.quotient, negative=whole.negative_quotient),
            remainder=self._operand(whole.remainder, negative=whole.negative_remainder),
        )

    def _operand(self, magnitude: int, *, negative: bool) -> Operand:
        """Raises NumericalOverflowException: the smallest number by -1, or a negative remainder without a sign."""
        width = self.width if self.signed else None
        number = Operand(
            negative=negative and magnitude > 0, magnitude=magnitude, base=self.base, width=width
        )
        self._check(number)
        return number

    def _check(self, number: Operand) -> None:
        if not fits(int(number), self.width, signed=self.signed):
            raise NumericalOverflowException(value=number, limit=limit_of(self.width, signed=self.signed))
