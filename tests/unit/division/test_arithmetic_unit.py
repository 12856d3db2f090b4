"""Whole numbers through the unit, against Python's own division."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from lakehouse.division import (
    ArithmeticUnit,
    BinaryInstructionSet,
    DivideByZeroException,
    InstructionSet,
    InvalidOperandError,
    NumericalOverflowException,
    Operand,
    RadixInstructionSet,
    Ratio,
    Result,
    Rounding,
    WholeQuotient,
)
from lakehouse.errors import DataError, LakehouseError

WIDTHS = [8, 16, 32, 64, 128]


def floor(dividend: int, divisor: int) -> tuple[int, int]:
    return divmod(dividend, divisor)


def ceiling(dividend: int, divisor: int) -> tuple[int, int]:
    quotient = -(-dividend // divisor)
    return quotient, dividend - quotient * divisor


def truncate(dividend: int, divisor: int) -> tuple[int, int]:
    return (floor if (dividend < 0) == (divisor < 0) else ceiling)(dividend, divisor)


def euclidean(dividend: int, divisor: int) -> tuple[int, int]:
    return (floor if divisor > 0 else ceiling)(dividend, divisor)


def half_even(dividend: int, divisor: int) -> tuple[int, int]:
    low = dividend // divisor
    twice = 2 * (dividend - low * divisor)
    beyond_half = abs(twice) > abs(divisor) or (abs(twice) == abs(divisor) and low % 2 == 1)
    quotient = low + 1 if beyond_half else low
    return quotient, dividend - quotient * divisor


ORACLES: dict[Rounding, Callable[[int, int], tuple[int, int]]] = {
    Rounding.FLOOR: floor,
    Rounding.CEILING: ceiling,
    Rounding.TRUNCATE: truncate,
    Rounding.EUCLIDEAN: euclidean,
    Rounding.HALF_EVEN: half_even,
}


def edges(width: int) -> list[int]:
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    powers = {sign * 2**bit + step for bit in range(width - 1) for step in (-1, 0, 1) for sign in (1, -1)}
    return sorted(
        {low, low + 1, -1, 0, 1, high - 1, high} | {value for value in powers if low <= value <= high}
    )


def divide(unit: ArithmeticUnit, dividend: int, divisor: int) -> tuple[int, int]:
    result = unit.divide(Operand.of(dividend), Operand.of(divisor))
    return int(result.quotient), int(result.remainder)


def test_the_example_of_the_documentation() -> None:
    unit = ArithmeticUnit(BinaryInstructionSet(width=64), rounding=Rounding.TRUNCATE)
    result = unit.divide(Operand.of(-7), Operand.of(2))
    assert (int(result.quotient), int(result.remainder)) == (-3, -1)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("width", [8, 16, 32])
def test_edges_of_narrow_widths_agree_with_python(width: int, rounding: Rounding) -> None:
    _assert_edges_agree(width, rounding)


@pytest.mark.slow
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("width", [64, 128])
def test_edges_of_wide_widths_agree_with_python(width: int, rounding: Rounding) -> None:
    _assert_edges_agree(width, rounding)


def _assert_edges_agree(width: int, rounding: Rounding) -> None:
    unit = ArithmeticUnit(BinaryInstructionSet(width=width), rounding=rounding)
    low = -(2 ** (width - 1))
    for dividend in edges(width):
        for divisor in edges(width):
            if divisor and (dividend, divisor) != (low, -1):
                assert divide(unit, dividend, divisor) == ORACLES[rounding](dividend, divisor)


def test_every_rounding_of_small_numbers_agrees_with_python() -> None:
    for rounding, oracle in ORACLES.items():
        unit = ArithmeticUnit(BinaryInstructionSet(width=8), rounding=rounding)
        for dividend in range(-20, 21):
            for divisor in [value for value in range(-9, 10) if value]:
                assert divide(unit, dividend, divisor) == oracle(dividend, divisor), (
                    rounding,
                    dividend,
                    divisor,
                )


@pytest.mark.parametrize("width", WIDTHS)
def test_the_smallest_number_by_minus_one_overflows_its_width(width: int) -> None:
    low = -(2 ** (width - 1))
    for rounding in Rounding:
        unit = ArithmeticUnit(BinaryInstructionSet(width=width), rounding=rounding)
        with pytest.raises(NumericalOverflowException, match=rf"{-low} does not fit {width} bits.*Fix:"):
            divide(unit, low, -1)
    unbounded = ArithmeticUnit(BinaryInstructionSet(width=None))
    assert divide(unbounded, low, -1) == (-low, 0)


@pytest.mark.parametrize("instructions", [BinaryInstructionSet(width=None), RadixInstructionSet(36)])
def test_unbounded_numbers_of_a_thousand_digits_divide(instructions: InstructionSet) -> None:
    dividend, divisor = 7**1300 + 5, -(3**900)
    unit = ArithmeticUnit(instructions, rounding=Rounding.FLOOR)
    assert divide(unit, dividend, divisor) == divmod(dividend, divisor)


@pytest.mark.parametrize("base", range(2, 37))
def test_every_base_gives_the_same_numbers(base: int) -> None:
    unit = ArithmeticUnit(RadixInstructionSet(base), rounding=Rounding.EUCLIDEAN)
    for dividend in (-(10**21) - 7, -1, 0, 35, 36, 10**21 + 7):
        for divisor in (-(10**10) + 1, -36, -1, 1, 7, base, base**9, 10**12):
            assert divide(unit, dividend, divisor) == euclidean(dividend, divisor)


def test_a_result_is_written_in_the_base_of_its_instruction_set() -> None:
    result = ArithmeticUnit(RadixInstructionSet(16)).divide(Operand.of("-fe01", base=16), Operand.of(255))
    assert str(result.quotient) == "-ff"


def test_a_zero_divisor_is_an_exception_that_names_the_dividend() -> None:
    with pytest.raises(DivideByZeroException, match=r"-7 was divided by 0; .*Fix:") as caught:
        divide(ArithmeticUnit(BinaryInstructionSet()), -7, 0)
    assert isinstance(caught.value, DataError | LakehouseError)


def test_an_operand_beyond_the_width_is_refused() -> None:
    with pytest.raises(NumericalOverflowException, match="128 does not fit 8 bits"):
        divide(ArithmeticUnit(BinaryInstructionSet(width=8)), 128, 1)


def test_the_template_validates_then_executes_then_makes_the_result() -> None:
    calls: list[str] = []

    class Recording(BinaryInstructionSet):
        def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
            calls.append("validate")
            return super().validate(dividend, divisor)

        def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
            calls.append("execute")
            return super().ratios(dividend, divisor)

        def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
            calls.append("result")
            return super().result(dividend, divisor, quotients)

    divide(ArithmeticUnit(Recording()), 7, 2)
    assert calls == ["validate", "execute", "result"]


def test_what_validate_decides_is_the_result() -> None:
    nothing = Result(quotient=Operand.of(0), remainder=Operand.of(0))

    class Lenient(BinaryInstructionSet):
        def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
            return nothing if not divisor.magnitude else super().validate(dividend, divisor)

    assert ArithmeticUnit(Lenient()).divide(Operand.of(7), Operand.of(0)) is nothing


def test_only_the_primitives_of_the_instruction_set_are_used() -> None:
    """No step of the unit's own calculates: all of them go through the injected set."""

    class Sealed(BinaryInstructionSet):
        used: set[str] = set()  # noqa: RUF012 - read after the call

        def compare(self, left: int, right: int) -> int:
            self.used.add("compare")
            return super().compare(left, right)

        def subtract(self, left: int, right: int) -> int:
            self.used.add("subtract")
            return super().subtract(left, right)

        def shift_left(self, magnitude: int, places: int) -> int:
            self.used.add("shift_left")
            return super().shift_left(magnitude, places)

        def add(self, left: int, right: int) -> int:
            self.used.add("add")
            return super().add(left, right)

    assert divide(ArithmeticUnit(Sealed()), 1000, 7) == (142, 6)
    assert Sealed.used == {"compare", "subtract", "shift_left", "add"}


def test_a_number_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidOperandError):
        RadixInstructionSet(37)
    with pytest.raises(InvalidOperandError):
        BinaryInstructionSet(width=1)
