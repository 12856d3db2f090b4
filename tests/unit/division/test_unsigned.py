"""Whole numbers without a sign: one by one, and columns of them by every engine."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.division import (
    ArithmeticUnit,
    BinaryInstructionSet,
    InvalidOptionError,
    NumericalOverflowException,
    Operand,
    Rounding,
    divide_arrow,
)

WIDTHS = [8, 16, 32, 64, 128]
ENGINES = ["numba", "numpy", "rows"]
TYPES = {8: pa.uint8(), 16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64(), 128: pa.decimal256(39, 0)}


def edges(width: int) -> list[int]:
    high = 2**width - 1
    powers = {2**bit + step for bit in range(width) for step in (-1, 0, 1)}
    found = sorted({0, 1, high - 1, high} | {value for value in powers if 0 <= value <= high})
    return (
        found if width <= 16 else sorted({*random.Random(1).sample(found, 40), 0, 1, 2 ** (width - 1), high})
    )


def column(values: list[int], width: int) -> pa.Array:
    return pa.array(values, TYPES[width])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("rounding", [Rounding.TRUNCATE, Rounding.FLOOR, Rounding.EUCLIDEAN])
def test_pairs_of_edges_agree_with_python(width: int, engine: Any, rounding: Rounding) -> None:
    pairs = [(a, b) for a in edges(width) for b in edges(width)]
    got = divide_arrow(
        column([a for a, _ in pairs], width),
        column([b for _, b in pairs], width),
        width=width,
        signed=False,
        rounding=rounding,
        engine=engine,
    )
    assert got.type == pa.struct({"quotient": TYPES[width], "remainder": TYPES[width]})
    for (a, b), row in zip(pairs, got.to_pylist(), strict=True):
        assert (row and (int(row["quotient"]), int(row["remainder"]))) == (divmod(a, b) if b else None), (
            a,
            b,
        )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("width", [8, 32, 64])
@pytest.mark.parametrize("rounding", [Rounding.CEILING, Rounding.HALF_EVEN])
def test_a_quotient_rounded_up_whose_remainder_needs_a_sign_is_an_overflow_as_in_the_unit(
    width: int, engine: Any, rounding: Rounding
) -> None:
    unit = ArithmeticUnit(BinaryInstructionSet(width=width, signed=False), rounding=rounding)
    pairs = [(a, b) for a in (0, 1, 2, 3, 7, 100, 2**width - 1) for b in (1, 2, 3, 4, 2**width - 1)]

    def of_unit(a: int, b: int) -> dict[str, int] | None:
        try:
            result = unit.divide(Operand.of(a), Operand.of(b))
        except NumericalOverflowException:
            return None
        return {"quotient": int(result.quotient), "remainder": int(result.remainder)}

    got = divide_arrow(
        column([a for a, _ in pairs], width),
        column([b for _, b in pairs], width),
        width=width,
        signed=False,
        rounding=rounding,
        engine=engine,
    ).to_pylist()
    assert got == [of_unit(*pair) for pair in pairs]
    assert None in got


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_numbers_out_of_the_width_are_overflows_with_their_limit(width: int, engine: Any) -> None:
    texts = pa.array(["-1", str(2**width), str(2**width - 1), str(2**100)])
    said = divide_arrow(texts, 1, width=width, signed=False, on_error="quarantine", engine=engine).to_pylist()
    assert [row["error"] for row in said] == ["overflow", "overflow", None, "overflow"]
    assert said[2]["quotient"] == 2**width - 1
    with pytest.raises(
        NumericalOverflowException, match=rf"row 0: -1 by 1 does not fit {width} unsigned bits \(0 to"
    ):
        divide_arrow(texts, 1, width=width, signed=False, on_error="raise", engine=engine)


def test_without_a_width_only_the_sign_is_refused() -> None:
    got = divide_arrow(pa.array([str(10**60), "-1"]), 7, width=None, signed=False)
    assert got.to_pylist() == [{"quotient": str(10**60 // 7), "remainder": str(10**60 % 7)}, None]


def test_the_largest_word_is_divided_in_a_column_as_arrow_and_pandas_have_it() -> None:
    words = pa.array([2**64 - 1, None, 2**63], pa.uint64())
    assert divide_arrow(words, words, signed=False).to_pylist() == [
        {"quotient": 1, "remainder": 0},
        None,
        {"quotient": 1, "remainder": 0},
    ]


@pytest.mark.parametrize("width", [8, 32, 64])
def test_a_single_operand_out_of_the_unsigned_width_is_refused_with_the_limit(width: int) -> None:
    unit = ArithmeticUnit(BinaryInstructionSet(width=width, signed=False))
    assert int(unit.divide(Operand.of(2**width - 1), Operand.of(2)).quotient) == 2 ** (width - 1) - 1
    for bad in (-1, 2**width):
        with pytest.raises(NumericalOverflowException, match=rf"{bad} does not fit {width} unsigned bits"):
            unit.divide(Operand.of(bad), Operand.of(1))


@pytest.mark.parametrize("options", [{"width": 64}, {"width": 128}, {"signed": "no"}, {"signed": None}])
def test_an_option_that_does_not_fit_unsigned_numbers_is_refused(options: dict[str, Any]) -> None:
    given = {"signed": False, "algorithm": "newton", "width": 32} | options
    with pytest.raises(InvalidOptionError, match="Fix: use one of"):
        divide_arrow(pa.array([1]), 1, **given)


def test_newton_s_reciprocal_divides_unsigned_words_of_32_bits() -> None:
    values = edges(32)
    pairs = [(a, b) for a in values for b in values if b]
    got = divide_arrow(
        column([a for a, _ in pairs], 32),
        column([b for _, b in pairs], 32),
        width=32,
        signed=False,
        algorithm="newton",
    )
    assert [(row["quotient"], row["remainder"]) for row in got.to_pylist()] == [
        divmod(a, b) for a, b in pairs
    ]
