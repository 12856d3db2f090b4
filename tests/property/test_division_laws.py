"""Laws of division, for numbers that hypothesis chooses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakehouse.division import (
    ArithmeticUnit,
    BinaryInstructionSet,
    DecimalOperand,
    NumericalOverflowException,
    Operand,
    RadixInstructionSet,
    Rounding,
    allocate,
    divide_arrow,
)

wholes = st.integers(-(2**140), 2**140)


@settings(deadline=None)
@given(wholes, wholes, st.sampled_from(Rounding), st.integers(2, 36))
def test_quotient_times_divisor_and_remainder_make_the_dividend(
    dividend: int, divisor: int, rounding: Rounding, base: int
) -> None:
    assume(divisor != 0)
    unit = ArithmeticUnit(RadixInstructionSet(base), rounding=rounding)
    result = unit.divide(Operand.of(dividend), Operand.of(divisor))
    quotient, remainder = int(result.quotient), int(result.remainder)
    assert quotient * divisor + remainder == dividend
    assert abs(remainder) < abs(divisor)
    match rounding:
        case Rounding.TRUNCATE:
            assert remainder * dividend >= 0
        case Rounding.FLOOR:
            assert remainder * divisor >= 0
        case Rounding.EUCLIDEAN:
            assert remainder >= 0
        case Rounding.CEILING:
            assert remainder * divisor <= 0
        case Rounding.HALF_EVEN:
            assert 2 * abs(remainder) <= abs(divisor)
            assert quotient % 2 == 0 or 2 * abs(remainder) < abs(divisor)


@settings(deadline=None)
@given(st.sampled_from([8, 16, 32, 64, 128]), st.data())
def test_a_width_gives_what_no_width_gives_or_overflows(width: int, data: st.DataObject) -> None:
    within = st.integers(-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    dividend, divisor = data.draw(within), data.draw(within.filter(bool))
    free = ArithmeticUnit(BinaryInstructionSet(width=None)).divide(Operand.of(dividend), Operand.of(divisor))
    unit = ArithmeticUnit(BinaryInstructionSet(width=width))
    try:
        bound = unit.divide(Operand.of(dividend), Operand.of(divisor))
    except NumericalOverflowException:
        assert int(free.quotient) == 2 ** (width - 1)
    else:
        assert int(bound.quotient) == int(free.quotient)
        assert int(bound.remainder) == int(free.remainder)


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_the_parts_sum_to_the_whole_and_each_is_within_a_unit_of_its_share(
    amount: int, weights: list[int]
) -> None:
    assume(sum(weights) > 0)
    parts = allocate(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@settings(deadline=None)
@given(st.integers(-(10**40), 10**40), st.integers(-30, 30))
def test_a_decimals_text_is_read_back(coefficient: int, exponent: int) -> None:
    number = DecimalOperand.of(f"{coefficient}E{exponent}")
    assert DecimalOperand.of(str(number)) == number


words = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.builds(
        lambda bit, step, sign: sign * ((1 << bit) + step),
        st.integers(0, 62),
        st.integers(-1, 1),
        st.sampled_from([1, -1]),
    ),
)


@settings(deadline=None)
@given(
    words,
    words,
    st.sampled_from([("numba", "shift_subtract"), ("numpy", "shift_subtract"), ("numpy", "newton")]),
)
def test_a_column_of_one_row_is_divided_as_python_divides(
    dividend: int, divisor: int, engine: tuple[Any, Any]
) -> None:
    """One row alone gets the fewest steps that its lengths allow, so a step too few shows."""
    assume(divisor != 0 and (dividend, divisor) != (-(2**63), -1))
    columns = pa.array([dividend]), pa.array([divisor])
    (row,) = divide_arrow(*columns, engine=engine[0], algorithm=engine[1]).to_pylist()
    assert (row["quotient"], row["remainder"]) == divmod(dividend, divisor)
