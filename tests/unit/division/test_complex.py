"""Complex numbers: Gaussian integers by their law, floats against exact fractions."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from lakehouse.division import (
    ArithmeticUnit,
    BinaryInstructionSet,
    ComplexInstructionSet,
    ComplexOperand,
    ComplexResult,
    DivideByZeroException,
    FloatFlag,
    FloatOperand,
    FloatResult,
    Ieee754InstructionSet,
    NumericalOverflowException,
    Operand,
    Rounding,
)


def gaussian(real: int, imaginary: int) -> ComplexOperand:
    return ComplexOperand.of_parts(Operand.of(real), Operand.of(imaginary))


def floating(value: complex) -> ComplexOperand:
    return ComplexOperand.of_parts(FloatOperand.from_float(value.real), FloatOperand.from_float(value.imag))


def pair(number: Operand) -> tuple[int, int]:
    assert isinstance(number, ComplexOperand)
    return int(number.real), int(number.imaginary)


def test_gaussian_integers_leave_a_remainder_smaller_than_the_divisor() -> None:
    unit = ArithmeticUnit(ComplexInstructionSet(BinaryInstructionSet(width=64)), rounding=Rounding.HALF_EVEN)
    chance = random.Random(5)
    for _ in range(300):
        a, b, c, d = (chance.randrange(-(10**9), 10**9) for _ in range(4))
        result = unit.divide(gaussian(a, b), gaussian(c, d))
        (x, y), (u, v) = pair(result.quotient), pair(result.remainder)
        assert (x * c - y * d + u, x * d + y * c + v) == (a, b)
        assert 2 * (u * u + v * v) <= c * c + d * d


def test_products_beyond_the_width_do_not_overflow_but_quotients_do() -> None:
    unit = ArithmeticUnit(ComplexInstructionSet(BinaryInstructionSet(width=8)))
    assert pair(unit.divide(gaussian(127, 127), gaussian(127, 126)).quotient) == (1, 0)
    assert pair(unit.divide(gaussian(100, 0), gaussian(3, 100)).quotient) == (0, 0)
    with pytest.raises(NumericalOverflowException):
        unit.divide(gaussian(-128, 0), gaussian(-1, 0))
    with pytest.raises(NumericalOverflowException):
        unit.divide(gaussian(0, 200), gaussian(1, 0))
    with pytest.raises(DivideByZeroException):
        unit.divide(gaussian(1, 1), gaussian(0, 0))


def test_each_part_of_a_float_quotient_is_correctly_rounded() -> None:
    unit = ArithmeticUnit(ComplexInstructionSet(Ieee754InstructionSet()))
    chance = random.Random(6)
    for _ in range(200):
        a, b, c, d = (math.ldexp(chance.uniform(-1, 1), chance.randrange(-60, 60)) for _ in range(4))
        result = unit.divide(floating(complex(a, b)), floating(complex(c, d)))
        x, y, u, v = map(Fraction, (a, b, c, d))
        norm = u * u + v * v
        assert isinstance(result.quotient, ComplexOperand)
        assert float(result.quotient.real) == float((x * u + y * v) / norm)
        assert float(result.quotient.imaginary) == float((y * u - x * v) / norm)


def test_numbers_whose_squares_overflow_still_divide() -> None:
    unit = ArithmeticUnit(ComplexInstructionSet(Ieee754InstructionSet()))
    result = unit.divide(floating(complex(1e300, 1e300)), floating(complex(1e300, 1e300)))
    assert isinstance(result, ComplexResult)
    assert (float(result.quotient.real), float(result.quotient.imaginary)) == (1.0, 0.0)


def test_a_zero_divisor_and_infinities_follow_the_parts() -> None:
    unit = ArithmeticUnit(ComplexInstructionSet(Ieee754InstructionSet()))
    by_zero = unit.divide(floating(complex(1, 0)), floating(complex(0, 0)))
    assert isinstance(by_zero, ComplexResult)
    assert isinstance(by_zero.real, FloatResult)
    assert (float(by_zero.quotient.real), by_zero.real.flags) == (math.inf, FloatFlag.DIVIDE_BY_ZERO)
    assert math.isnan(float(by_zero.quotient.imaginary))
    vanishing = unit.divide(floating(complex(1, 2)), floating(complex(math.inf, 0)))
    assert isinstance(vanishing.quotient, ComplexOperand)
    assert [float(part) for part in vanishing.quotient.parts] == [0.0, 0.0]
    undefined = unit.divide(floating(complex(math.inf, 0)), floating(complex(1, 1)))
    assert isinstance(undefined.quotient, ComplexOperand)
    assert all(math.isnan(float(part)) for part in undefined.quotient.parts)
