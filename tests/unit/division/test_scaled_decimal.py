"""Decimals with a fixed scale, against Python's decimal and the law of division."""

from __future__ import annotations

import decimal
import random

import pytest

from lakehouse.division import (
    ArithmeticUnit,
    DecimalOperand,
    DecimalRounding,
    DivideByZeroException,
    InvalidOperandError,
    NumericalOverflowException,
    ScaledDecimalInstructionSet,
)


@pytest.mark.parametrize("rounding", DecimalRounding)
def test_quotients_are_rounded_to_the_scale_and_what_is_left_is_exact(rounding: DecimalRounding) -> None:
    chance = random.Random(38)
    unit = ArithmeticUnit(ScaledDecimalInstructionSet(scale=2, rounding=rounding))
    with decimal.localcontext(prec=200):
        for _ in range(300):
            dividend = decimal.Decimal(chance.randrange(-(10**20), 10**20)).scaleb(-chance.randrange(6))
            divisor = decimal.Decimal(chance.randrange(1, 10**9) * chance.choice([1, -1])).scaleb(-3)
            result = unit.divide(DecimalOperand.of(str(dividend)), DecimalOperand.of(str(divisor)))
            quotient, remainder = (decimal.Decimal(str(part)) for part in (result.quotient, result.remainder))
            exact = dividend / divisor
            assert quotient == exact.quantize(
                decimal.Decimal("0.01"), rounding=f"ROUND_{rounding.value.upper()}"
            )
            assert quotient * divisor + remainder == dividend


def test_all_38_digits_are_kept() -> None:
    unit = ArithmeticUnit(ScaledDecimalInstructionSet(scale=37))
    assert str(unit.divide(DecimalOperand.of("1"), DecimalOperand.of("3")).quotient) == "0." + "3" * 37


def test_a_quotient_beyond_the_precision_overflows() -> None:
    unit = ArithmeticUnit(ScaledDecimalInstructionSet(scale=2, precision=4))
    with pytest.raises(NumericalOverflowException, match=r"decimal\(4,2\)"):
        unit.divide(DecimalOperand.of("100"), DecimalOperand.of("1"))
    assert str(unit.divide(DecimalOperand.of("99.99"), DecimalOperand.of("1")).quotient) == "99.99"


def test_zero_divisors_and_values_that_are_not_numbers_are_refused() -> None:
    unit = ArithmeticUnit(ScaledDecimalInstructionSet(scale=2))
    with pytest.raises(DivideByZeroException):
        unit.divide(DecimalOperand.of("1"), DecimalOperand.of("0.00"))
    with pytest.raises(InvalidOperandError):
        unit.divide(DecimalOperand.of("NaN"), DecimalOperand.of("1"))
    with pytest.raises(NumericalOverflowException, match="exponents"):
        unit.divide(DecimalOperand.of("1E+999999999"), DecimalOperand.of("1"))
