"""Laws of division, for numbers that hypothesis chooses."""

from __future__ import annotations

from decimal import Decimal
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
    divide_exact_types,
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


@st.composite
def exact_columns(draw: st.DrawFn) -> tuple[pa.Array, list[Fraction | None]]:
    """One column of some exact type with three rows, and what its rows stand for."""
    kind = draw(
        st.sampled_from(
            [pa.int8(), pa.int32(), pa.int64(), pa.uint16(), pa.uint64(), pa.string(), pa.large_string()]
        )
        | st.builds(
            lambda make, scale: make(make_digits(make), scale),
            st.sampled_from([pa.decimal32, pa.decimal64, pa.decimal128, pa.decimal256]),
            st.integers(0, 9),
        )
    )
    if pa.types.is_decimal(kind):
        largest, scale = 10**kind.precision - 1, kind.scale
    elif pa.types.is_integer(kind):
        largest, scale = 2 ** (kind.bit_width - 1) - 1, 0
    else:
        largest, scale = 10**60, 0
    least = 0 if pa.types.is_unsigned_integer(kind) else -largest
    units = draw(st.lists(st.none() | st.integers(least, largest), min_size=3, max_size=3))
    texts = [None if unit is None else str(unit) for unit in units]
    column = (
        pa.array(texts, kind)
        if scale == 0 and not pa.types.is_decimal(kind) and not pa.types.is_integer(kind)
        else pa.array([None if unit is None else in_type(unit, kind) for unit in units], kind)
    )
    return column, [None if unit is None else Fraction(unit, 10**scale) for unit in units]


def make_digits(make: Any) -> int:
    return {pa.decimal32: 9, pa.decimal64: 18, pa.decimal128: 38, pa.decimal256: 50}[make]


def in_type(unit: int, kind: pa.DataType) -> Any:
    return Decimal(f"{unit}E-{kind.scale}") if pa.types.is_decimal(kind) else unit


@settings(deadline=None, max_examples=200)
@given(exact_columns(), exact_columns(), st.sampled_from(Rounding))
def test_columns_of_any_two_exact_types_agree_with_fractions_and_each_part_fails_for_itself(
    left: tuple[pa.Array, list[Fraction | None]],
    right: tuple[pa.Array, list[Fraction | None]],
    rounding: Rounding,
) -> None:
    def parts(quotient: pa.DataType | None, remainder: pa.DataType | None) -> list[Any]:
        types: Any = {"quotient_type": quotient, "remainder_type": remainder}
        return divide_exact_types(left[0], right[0], rounding=rounding, on_error="null", **types).to_pylist()

    whole = parts(pa.string(), pa.string())
    narrow = [row and row["quotient"] for row in parts(pa.int16(), None)]
    rests = [row and row["remainder"] for row in parts(None, pa.decimal128(20, 3))]
    for a, b, row, small, rest in zip(left[1], right[1], whole, narrow, rests, strict=True):
        if a is None or not b:
            assert row is small is rest is None
            continue
        quotient, remainder = int(row["quotient"]), Fraction(row["remainder"])
        assert quotient * b + remainder == a
        assert abs(remainder) < abs(b)
        assert quotient == whole_quotient(a, b, rounding)
        assert small == (quotient if -(2**15) <= quotient < 2**15 else None)
        fits = remainder * 1000 == int(remainder * 1000) and abs(remainder) < 10**17
        assert rest == (Decimal(int(remainder * 1000)).scaleb(-3) if fits else None)


def whole_quotient(a: Fraction, b: Fraction, rounding: Rounding) -> int:
    low = a // b
    match rounding:
        case Rounding.FLOOR:
            return low
        case Rounding.CEILING:
            return -(-a // b)
        case Rounding.TRUNCATE:
            return low if (a < 0) == (b < 0) else -(-a // b)
        case Rounding.EUCLIDEAN:
            return low if b > 0 else -(-a // b)
        case Rounding.HALF_EVEN:
            return round(a / b)


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
