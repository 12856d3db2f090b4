"""Columns of Spark's exact types, allocations and repeating decimals, without Spark."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.division import (
    DivideByZeroException,
    InvalidOperandError,
    NumericalOverflowException,
    Rounding,
    allocate,
)
from lakehouse.division.columns import allocate as allocate_module
from lakehouse.division.columns.allocate import allocate_arrow
from lakehouse.division.columns.exact_types import divide_exact_types
from lakehouse.division.columns.repeating import expand_arrow

LONG = pa.decimal128(38, 0)


def divide(
    left: pa.Array, right: pa.Array, quotient: pa.DataType, remainder: pa.DataType, **options: Any
) -> list[Any]:
    given = {"rounding": Rounding.TRUNCATE, "on_error": "quarantine"} | options
    result = divide_exact_types(left, right, quotient_type=quotient, remainder_type=remainder, **given)
    return [row and tuple(row.values()) for row in result.to_pylist()]


def test_decimals_of_any_two_scales_agree_with_exact_fractions() -> None:
    chance = random.Random(11)
    for left_scale, right_scale in [(0, 0), (2, 0), (0, 4), (2, 4), (18, 18), (30, 2), (0, 30)]:
        lefts = [Decimal(chance.randrange(-(10**18), 10**18)).scaleb(-left_scale) for _ in range(60)]
        rights = [Decimal(chance.randrange(1, 10**6)).scaleb(-right_scale) for _ in range(60)]
        got = divide(
            pa.array(lefts, pa.decimal128(38, left_scale)),
            pa.array(rights, pa.decimal128(38, right_scale)),
            pa.string(),
            pa.string(),
            rounding=Rounding.FLOOR,
        )
        for left, right, (quotient, remainder, error) in zip(lefts, rights, got, strict=True):
            exact = Fraction(left) // Fraction(right)
            assert (int(quotient), error) == (exact, None)
            assert Fraction(remainder) == Fraction(left) - exact * Fraction(right)


def test_a_number_beyond_its_type_is_an_overflow_of_its_row_only() -> None:
    left = pa.array([Decimal(10**30), Decimal(7), Decimal(2**63), Decimal(-(2**63))], LONG)
    ones = pa.array([1, 1, 1, 1])
    assert [row[0] for row in divide(left, ones, pa.int64(), pa.int64())] == [None, 7, None, -(2**63)]
    assert [row[2] for row in divide(left, ones, pa.int64(), pa.int64())] == [
        "overflow",
        None,
        "overflow",
        None,
    ]
    small = divide(left, ones, pa.decimal128(20, 0), LONG)
    assert [row[0] for row in small] == [None, 7, 2**63, -(2**63)]
    fractions = pa.array([Decimal("7.25"), Decimal("7.50")])
    twos = pa.array([2, 2])
    assert [row[1] for row in divide(fractions, twos, LONG, pa.decimal128(9, 1))] == [None, Decimal("1.5")]


def test_text_that_is_longer_than_a_decimal_holds_goes_to_text_only() -> None:
    texts = pa.array(["9" * 100, "-7", None, "1e5"])
    twos = pa.array(["2"] * 4)
    assert divide(texts, twos, pa.string(), pa.string()) == [
        (str(int("9" * 100) // 2), "1", None), ("-3", "-1", None), None, (None, None, "not a whole number")
    ]  # fmt: skip
    assert [row and row[2] for row in divide(texts, twos, pa.int64(), pa.int64())] == [
        "overflow", None, None, "not a whole number"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "error"),
    [
        ("1", "0", DivideByZeroException),
        ("x", "1", InvalidOperandError),
        ("9" * 30, "1", NumericalOverflowException),
    ],
)
def test_raise_names_the_row_on_this_path_too(left: str, right: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="row 1: "):
        divide(pa.array(["1", left]), pa.array(["1", right]), pa.int64(), pa.int64(), on_error="raise")


def random_lists(chance: random.Random, rows: int) -> tuple[list[int], list[list[int]]]:
    amounts = [chance.randrange(-(10**6), 10**6) for _ in range(rows)]
    weights = [[chance.randrange(10**5) for _ in range(chance.randrange(1, 9))] + [1] for _ in range(rows)]
    return amounts, weights


def test_a_column_of_amounts_is_split_as_each_amount_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts, weights = random_lists(random.Random(2), 3000)
    amounts[5], weights[5], weights[6], weights[7] = 0, [], [3, 3, 3, 3, 3, 3], [1]
    column = pa.array([Decimal(amount).scaleb(-2) for amount in amounts], pa.decimal128(12, 2))
    expected = [
        [Decimal(part).scaleb(-2) for part in allocate(*row)] for row in zip(amounts, weights, strict=True)
    ]
    lists = pa.array([[1], *weights], pa.list_(pa.int32())).slice(1)
    fast = allocate_arrow(column, lists)
    fast.validate(full=True)
    assert fast.to_pylist() == expected
    monkeypatch.setattr(allocate_module, "resolve_engine", lambda engine, algorithm: "rows")
    assert allocate_arrow(column, lists).equals(fast)


def test_a_column_of_amounts_sums_to_its_amounts_whatever_the_weights() -> None:
    amounts, weights = random_lists(random.Random(3), 500)
    weights[17] = [2**62, 2**62, 1]
    parts = allocate_arrow(pa.array(amounts), pa.array(weights), scale=0).to_pylist()
    assert [sum(row) for row in parts] == amounts


def test_null_rows_stay_null_and_bad_rows_are_null_or_raise() -> None:
    amounts = pa.array([Decimal("1.00"), None, Decimal("1.00"), Decimal("1.00"), Decimal("3.00")])
    weights = pa.array([[0, 0], [1], None, [1, None], [1, 2]])
    parts = allocate_arrow(amounts, weights).to_pylist()
    assert parts == [None, None, None, None, [Decimal("1.00"), Decimal("2.00")]]
    with pytest.raises(DivideByZeroException, match="row 0: "):
        allocate_arrow(amounts, weights, on_error="raise")
    with pytest.raises(InvalidOperandError, match=r"row 0: .*2 digits after the point"):
        allocate_arrow(pa.array([Decimal("0.001")]), pa.array([[1]]), on_error="raise")
    with pytest.raises(NumericalOverflowException, match=r"row 0: .*decimal\(38,2\)"):
        allocate_arrow(pa.array([Decimal(10**37)], LONG), pa.array([[1]]), on_error="raise")


def test_a_column_of_fractions_is_written_out() -> None:
    left = pa.array([Decimal("2.55"), None, Decimal("1.00")])
    assert expand_arrow(left, pa.array([18, 1, 0])).to_pylist() == [
        {"text": "0.141(6)", "whole": "0", "prefix": "141", "period": "6", "start": 3, "length": 1},
        None,
        None,
    ]
    assert expand_arrow(pa.array(["1"]), pa.array([Decimal("0.07")]))[0]["text"].as_py() == "14.(285714)"
    with pytest.raises(NumericalOverflowException):
        expand_arrow(pa.array([1]), pa.array([983]), max_digits=900, on_error="raise")
