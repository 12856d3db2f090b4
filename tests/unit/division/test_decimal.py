"""Decimals where the published vectors don't reach: defaults, traps, remainders, the unit's rounding."""

from __future__ import annotations

import decimal
import random

import pytest

from lakehouse.division import (
    ArithmeticUnit,
    DecimalFlag,
    DecimalInstructionSet,
    DecimalOperand,
    DecimalResult,
    DecimalRounding,
    DivideByZeroException,
    InvalidOperandError,
    InvalidOperationError,
    NumericalOverflowException,
    Operand,
    Rounding,
)


def pythons(rounding: DecimalRounding) -> str:
    """The name of the same rounding in Python's decimal module."""
    return f"ROUND_{rounding.value.upper()}"


def divide(instructions: DecimalInstructionSet, dividend: str, divisor: str) -> DecimalResult:
    result = ArithmeticUnit(instructions).divide(DecimalOperand.of(dividend), DecimalOperand.of(divisor))
    assert isinstance(result, DecimalResult)
    return result


@pytest.mark.parametrize("rounding", DecimalRounding)
def test_random_quotients_agree_with_pythons_decimal(rounding: DecimalRounding) -> None:
    chance = random.Random(7)
    context = decimal.Context(prec=7, rounding=pythons(rounding), Emax=20, Emin=-20, traps=[])
    instructions = DecimalInstructionSet(
        precision=7, rounding=rounding, max_exponent=20, min_exponent=-20, traps=DecimalFlag.NONE
    )
    for _ in range(400):
        texts = [
            f"{chance.choice('+-')}{chance.randrange(10**digits)}E{chance.randrange(-15, 15)}"
            for digits in (chance.randrange(1, 12), chance.randrange(1, 12))
        ]
        expected = context.divide(decimal.Decimal(texts[0]), decimal.Decimal(texts[1]))
        assert str(divide(instructions, *texts).quotient) == str(expected), texts


def test_what_is_left_of_an_inexact_division_is_exact() -> None:
    for rounding in DecimalRounding:
        result = divide(DecimalInstructionSet(precision=3, rounding=rounding), "-20", "0.30")
        with decimal.localcontext(prec=50):
            back = decimal.Decimal(str(result.quotient)) * decimal.Decimal("0.30")
            assert back + decimal.Decimal(str(result.remainder)) == decimal.Decimal(-20)


def test_a_whole_number_is_a_decimal_too() -> None:
    unit = ArithmeticUnit(DecimalInstructionSet(precision=9, rounding=DecimalRounding.HALF_UP))
    assert str(unit.divide(Operand.of(1), Operand.of(3)).quotient) == "0.333333333"


@pytest.mark.parametrize(
    ("dividend", "divisor", "error"),
    [
        ("1", "0", DivideByZeroException),
        ("0", "0", InvalidOperationError),
        ("sNaN", "1", InvalidOperationError),
        ("Inf", "-Inf", InvalidOperationError),
        ("1E+999999999", "1E-9", NumericalOverflowException),
    ],
)
def test_conditions_raise_unless_they_are_left_out_of_the_traps(
    dividend: str, divisor: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match="Fix:"):
        divide(DecimalInstructionSet(precision=9), dividend, divisor)
    quiet = divide(DecimalInstructionSet(precision=9, traps=DecimalFlag.NONE), dividend, divisor)
    assert quiet.flags != DecimalFlag.NONE


@pytest.mark.parametrize(
    ("rounding", "quotient", "remainder"),
    [(Rounding.TRUNCATE, "-2", "-1.5"), (Rounding.FLOOR, "-3", "0.5"), (Rounding.HALF_EVEN, "-3", "0.5")],
)
def test_the_whole_quotient_follows_the_units_rounding(
    rounding: Rounding, quotient: str, remainder: str
) -> None:
    unit = ArithmeticUnit(DecimalInstructionSet(precision=9, integral=True), rounding=rounding)
    result = unit.divide(DecimalOperand.of("-5.5"), DecimalOperand.of("2"))
    assert (str(result.quotient), str(result.remainder)) == (quotient, remainder)


def test_exponents_far_apart_cost_nothing() -> None:
    unit = ArithmeticUnit(DecimalInstructionSet(precision=5, integral=True), rounding=Rounding.FLOOR)
    result = unit.divide(DecimalOperand.of("-1E-900000000"), DecimalOperand.of("7E+900000000"))
    assert (str(result.quotient), str(result.remainder)) == ("-1", "7.0000E+900000000")
    tiny = unit.divide(DecimalOperand.of("1E-900000000"), DecimalOperand.of("7E+900000000"))
    assert (str(tiny.quotient), str(tiny.remainder)) == ("0", "1E-900000000")


@pytest.mark.parametrize("text", ["", ".", "1e", "1..2", "Na", "1 2", "0x1", "1E+9999999999999999999"])
def test_text_that_is_not_a_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidOperandError, match="Fix:"):
        DecimalOperand.of(text)
