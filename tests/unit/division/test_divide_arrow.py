"""Columns: every engine against Python's own division, and against the arithmetic unit."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.division import (
    ArithmeticUnit,
    BinaryInstructionSet,
    DivideByZeroException,
    InvalidOperandError,
    InvalidOptionError,
    NumericalOverflowException,
    Operand,
    Rounding,
    divide_arrow,
)

WIDTHS = [8, 16, 32, 64, 128]
ENGINES = ["numba", "numpy", "rows"]
FAST_ENGINES = [("numba", "shift_subtract"), ("numpy", "shift_subtract"), ("numpy", "newton")]
TYPES = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64(), 128: pa.decimal256(39, 0)}


def edges(width: int) -> list[int]:
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    powers = {sign * 2**bit + step for bit in range(width - 1) for step in (-1, 0, 1) for sign in (1, -1)}
    return sorted(
        {low, low + 1, -1, 0, 1, high - 1, high} | {value for value in powers if low <= value <= high}
    )


def expected(dividend: int, divisor: int, rounding: Rounding, width: int) -> dict[str, Any] | None:
    """Return Python's answer, from its floor division; None where the division has no result."""
    if not divisor or (dividend, divisor) == (-(2 ** (width - 1)), -1):
        return None
    quotient, rest = divmod(dividend, divisor)
    match rounding:
        case Rounding.FLOOR:
            up = False
        case Rounding.CEILING:
            up = rest != 0
        case Rounding.TRUNCATE:
            up = rest != 0 and (dividend < 0) != (divisor < 0)
        case Rounding.EUCLIDEAN:
            up = rest < 0
        case Rounding.HALF_EVEN:
            up = 2 * abs(rest) > abs(divisor) or (2 * abs(rest) == abs(divisor) and quotient % 2 == 1)
    return {"quotient": quotient + up, "remainder": rest - up * divisor}


def columns(pairs: list[tuple[int, int]], width: int) -> tuple[pa.Array, pa.Array]:
    return pa.array([left for left, _ in pairs], TYPES[width]), pa.array(
        [right for _, right in pairs], TYPES[width]
    )


@pytest.mark.parametrize(("engine", "algorithm"), FAST_ENGINES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pairs_of_edges_agree_with_python_in_every_rounding(width: int, engine: Any, algorithm: Any) -> None:
    if algorithm == "newton" and width == 128:
        pytest.skip("Newton's reciprocal is for one word")
    values = edges(width)
    if width > 32:
        values = [*random.Random(1).sample(values, 90), *values[:2], -1, 0, 1, *values[-2:]]
    assert_pairs_agree(values, width, engine, algorithm)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "algorithm"), FAST_ENGINES)
@pytest.mark.parametrize("width", [64, 128])
def test_all_pairs_of_edges_of_wide_widths_agree_with_python(width: int, engine: Any, algorithm: Any) -> None:
    if algorithm != "newton" or width == 64:
        assert_pairs_agree(edges(width), width, engine, algorithm)


def assert_pairs_agree(values: list[int], width: int, engine: Any, algorithm: Any) -> None:
    pairs = [(dividend, divisor) for dividend in values for divisor in values]
    for rounding in Rounding:
        result = divide_arrow(
            *columns(pairs, width), width=width, rounding=rounding, engine=engine, algorithm=algorithm
        )
        assert result.type == pa.struct({"quotient": TYPES[width], "remainder": TYPES[width]})
        for pair, got in zip(pairs, result.to_pylist(), strict=True):
            assert got == expected(*pair, rounding, width), (pair, rounding)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_engine_gives_what_the_unit_gives(width: int, rounding: Rounding) -> None:
    chance = random.Random(width)
    pairs = [(within(chance, width), within(chance, width)) for _ in range(700)]
    unit = ArithmeticUnit(BinaryInstructionSet(width=width), rounding=rounding)

    def of_unit(dividend: int, divisor: int) -> dict[str, int] | None:
        try:
            result = unit.divide(Operand.of(dividend), Operand.of(divisor))
        except (DivideByZeroException, NumericalOverflowException):
            return None
        return {"quotient": int(result.quotient), "remainder": int(result.remainder)}

    for engine in ENGINES:
        result = divide_arrow(*columns(pairs, width), width=width, rounding=rounding, engine=engine)  # type: ignore[arg-type]
        assert result.to_pylist() == [of_unit(*pair) for pair in pairs], engine


def within(chance: random.Random, width: int) -> int:
    bits = chance.randrange(width)
    return chance.choice([1, -1]) * chance.getrandbits(bits) if bits else 0


@pytest.mark.parametrize("engine", ENGINES)
def test_nulls_and_the_reasons_of_bad_rows_are_kept_apart(engine: Any) -> None:
    left = pa.array([7, None, 7, -(2**63), 5, None], pa.int64())
    right = pa.array([2, 2, 0, -1, None, 0], pa.int64())
    quarantined = divide_arrow(left, right, on_error="quarantine", engine=engine)
    assert quarantined.to_pylist() == [
        {"quotient": 3, "remainder": 1, "error": None},
        None,
        {"quotient": None, "remainder": None, "error": "division by zero"},
        {"quotient": None, "remainder": None, "error": "overflow"},
        None,
        None,
    ]
    quarantined.validate(full=True)
    nulls = divide_arrow(left, right, engine=engine)
    assert nulls.to_pylist() == [{"quotient": 3, "remainder": 1}, None, None, None, None, None]
    nulls.validate(full=True)
    unknown = divide_arrow(left.slice(1, 1), pa.array([0]), on_error="raise", engine=engine)
    assert unknown.to_pylist() == [None]


@pytest.mark.parametrize("engine", ENGINES)
def test_raise_names_the_first_bad_row_in_the_whole_column(engine: Any) -> None:
    left = pa.array([1] * 40_000, pa.int64())
    right = pa.array([1] * 20_001 + [0] * 3 + [1] * 19_996, pa.int64())
    with pytest.raises(DivideByZeroException, match=r"row 20001: 1 was divided by 0.*Fix:"):
        divide_arrow(left, right, on_error="raise", engine=engine)
    with pytest.raises(NumericalOverflowException, match="row 1: -128 by -1 does not fit 8 bits"):
        divide_arrow(pa.array([1, -128]), pa.array([1, -1]), width=8, on_error="raise", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_chunks_and_slices_of_any_size_give_the_same_rows(engine: Any) -> None:
    chance = random.Random(9)
    lefts = [chance.choice([None, chance.randrange(-1000, 1000)]) for _ in range(3000)]
    rights = [chance.randrange(-3, 4) for _ in range(3000)]
    whole = divide_arrow(pa.array(lefts, pa.int64()), pa.array(rights, pa.int8()), engine=engine)
    chunked = divide_arrow(
        pa.chunked_array(
            [pa.array([1, *lefts[:1001]], pa.int64()).slice(1), pa.array(lefts[1001:], pa.int64())]
        ),
        pa.chunked_array([pa.array(rights[:2], pa.int8()), pa.array(rights[2:], pa.int8())]),
        engine=engine,
    )
    assert whole.to_pylist() == chunked.to_pylist()
    assert sum(row is None for row in whole.to_pylist()) > 1000


@pytest.mark.parametrize("engine", ENGINES)
def test_columns_of_different_types_are_mixed(engine: Any) -> None:
    left = pa.array(["170141183460469231731687303715884105727", "-9", "x", "1.5", None, str(2**130)])
    right = pa.array([10**30, 2, 2, 2, 2, 2], pa.decimal128(38, 0))
    result = divide_arrow(left, right, width=128, on_error="quarantine", engine=engine)
    assert [row and row["error"] for row in result.to_pylist()] == [
        None, None, "not a whole number", "not a whole number", None, "overflow"
    ]  # fmt: skip
    assert [int(row["quotient"]) for row in result.to_pylist()[:2]] == [(2**127 - 1) // 10**30, -5]


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_beyond_the_width_are_overflows(engine: Any) -> None:
    left = pa.array([300, -129, 127, -128], pa.int64())
    ones = pa.array([1, 1, 1, 1], pa.int64())
    assert divide_arrow(left, ones, width=8, engine=engine).field("quotient").to_pylist() == [
        None,
        None,
        127,
        -128,
    ]
    unsigned = pa.array([2**64 - 1, 2**63 - 1], pa.uint64())
    result = divide_arrow(unsigned, pa.array([1, 1]), engine=engine)
    assert result.to_pylist() == [None, {"quotient": 2**63 - 1, "remainder": 0}]
    widened = divide_arrow(unsigned, pa.array([2, 2]), width=128, engine=engine)
    assert [int(row["quotient"]) for row in widened.to_pylist()] == [2**63 - 1, 2**62 - 1]
    decimals = pa.array([2**63, -(2**63)], pa.decimal128(38, 0))
    assert divide_arrow(decimals, pa.array([1, 1]), engine=engine).field("quotient").to_pylist() == [
        None,
        -(2**63),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_empty_column_and_a_column_of_nulls_give_their_like(engine: Any) -> None:
    for width in WIDTHS:
        empty = divide_arrow(pa.array([], pa.int64()), pa.array([], pa.int64()), width=width, engine=engine)
        assert empty.type == pa.struct({"quotient": TYPES[width], "remainder": TYPES[width]})
    assert divide_arrow(pa.nulls(3), pa.array([1, 2, 0]), engine=engine).to_pylist() == [None] * 3


def test_without_a_width_numbers_of_any_length_come_back_as_text() -> None:
    result = divide_arrow(pa.array(["1" + "0" * 5000, "-7"]), pa.array(["3", "2"]), width=None)
    assert result.to_pylist() == [
        {"quotient": "3" * 5000, "remainder": "1"},
        {"quotient": "-4", "remainder": "1"},
    ]


@pytest.mark.parametrize("column", [pa.array([1.0]), pa.array(["a"]).cast(pa.binary()), pa.array([True])])
def test_a_column_that_holds_no_whole_numbers_is_refused(column: pa.Array) -> None:
    with pytest.raises(InvalidOperandError, match=r"integers, decimals of scale 0.*Fix:"):
        divide_arrow(column, pa.array([1]))


def test_decimals_with_a_scale_and_columns_of_two_lengths_are_refused() -> None:
    with pytest.raises(InvalidOperandError, match="scale 0"):
        divide_arrow(pa.array([1], pa.decimal128(10, 2)), pa.array([1]))
    with pytest.raises(InvalidOperandError, match="one length"):
        divide_arrow(pa.array([1, 2]), pa.array([1]))


@pytest.mark.parametrize(
    "options",
    [{"width": 12}, {"on_error": "ignore"}, {"algorithm": "table"}, {"engine": "gpu"},
     {"algorithm": "newton", "width": 128}],
)  # fmt: skip
def test_an_unknown_option_is_refused_with_the_choices(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match="Fix: use one of"):
        divide_arrow(pa.array([1]), pa.array([1]), **options)
