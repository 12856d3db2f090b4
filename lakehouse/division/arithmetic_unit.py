"""The one algorithm: restoring division by shift, compare and subtract, over any kind of number."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.operand import Operand
from lakehouse.division.result import Result
from lakehouse.division.rounding import DecimalRounding, Rounding

__all__ = ["ArithmeticUnit", "long_division"]


class ArithmeticUnit:
    """Divides without a division: validate, execute, result. Immutable, so threads may share one."""

    __slots__ = ("_instructions", "_step")

    def __init__(
        self, instructions: InstructionSet, *, rounding: Rounding | DecimalRounding = Rounding.TRUNCATE
    ) -> None:
        self._instructions = instructions
        self._step = rounding.step

    def divide(self, dividend: Operand, divisor: Operand) -> Result:
        """The quotient and remainder of ``dividend`` by ``divisor``.

        Raises whatever the instruction set's rules say: DivideByZeroException, NumericalOverflowException.
        """
        decided = self._instructions.validate(dividend, divisor)
        if decided is not None:
            return decided
        return self._instructions.result(dividend, divisor, self._execute(dividend, divisor))

    def _execute(self, dividend: Operand, divisor: Operand) -> Sequence[WholeQuotient]:
        return [self._divide_whole(ratio) for ratio in self._instructions.ratios(dividend, divisor)]

    def _divide_whole(self, ratio: Ratio) -> WholeQuotient:
        quotient, remainder = long_division(self._instructions, ratio.dividend, ratio.divisor)
        away = ratio.integral and self._step.is_taken(
            quotient=quotient,
            remainder=remainder,
            divisor=ratio.divisor,
            negative_dividend=ratio.negative_dividend,
            negative_divisor=ratio.negative_divisor,
        )
        if away:
            quotient = self._instructions.add(quotient, 1)
            remainder = self._instructions.subtract(ratio.divisor, remainder)
        return WholeQuotient(
            quotient=quotient,
            remainder=remainder,
            negative_quotient=ratio.negative_dividend != ratio.negative_divisor,
            negative_remainder=ratio.negative_dividend != away,
        )


def long_division(instructions: InstructionSet, dividend: int, divisor: int) -> tuple[int, int]:
    """Divide natural numbers: the next digit, highest first, is how often the shifted divisor goes in."""
    quotient, remainder = 0, dividend
    for place in range(instructions.length(dividend) - instructions.length(divisor), -1, -1):
        aligned, digit = instructions.shift_left(divisor, place), 0
        while instructions.compare(remainder, aligned) >= 0:
            remainder = instructions.subtract(remainder, aligned)
            digit = instructions.add(digit, 1)
        quotient = instructions.add(instructions.shift_left(quotient, 1), digit)
    return quotient, remainder
