"""What goes into the column functions: exact types only, in any of their forms; and each result for itself."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.division import (
    InvalidOperandError,
    InvalidOptionError,
    NumericalOverflowException,
    Rounding,
    allocate,
    allocate_arrow,
    div_round_arrow,
    divide_arrow,
    divide_exact_types,
    expand,
    expand_arrow,
)

TWO_COLUMN_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "divide_arrow": divide_arrow,
    "divide_exact_types": lambda left, right: divide_exact_types(
        left,
        right,
        quotient_type=pa.int64(),
        remainder_type=pa.string(),
        rounding=Rounding.FLOOR,
        on_error="null",
    ),
    "div_round_arrow": div_round_arrow,
    "expand_arrow": expand_arrow,
}


def parts(left: Any, right: Any, quotient: Any, remainder: Any, **options: Any) -> pa.StructArray:
    given = {"rounding": Rounding.TRUNCATE, "on_error": "null"} | options
    return divide_exact_types(left, right, quotient_type=quotient, remainder_type=remainder, **given)


@pytest.fixture(params=sorted(TWO_COLUMN_FUNCTIONS))
def function(request: pytest.FixtureRequest) -> Callable[[Any, Any], Any]:
    return TWO_COLUMN_FUNCTIONS[request.param]


# Each part for itself.


@pytest.mark.parametrize("on_error", ["null", "raise"])
def test_a_quotient_does_not_fail_for_a_remainder_that_nobody_asked_for(on_error: str) -> None:
    left = pa.array([Decimal("100.10"), Decimal("7.40"), Decimal("10.00")])
    right = pa.array([Decimal("7.00"), Decimal("2.50"), Decimal("2.50")])
    result = parts(left, right, pa.int64(), None, on_error=on_error)
    assert result.to_pylist() == [{"quotient": 14}, {"quotient": 2}, {"quotient": 4}]


@pytest.mark.parametrize("on_error", ["null", "raise"])
def test_a_remainder_does_not_fail_for_a_quotient_that_nobody_asked_for(on_error: str) -> None:
    left = pa.array([Decimal(10**30 + 3), Decimal(-(10**37)), Decimal(7)], pa.decimal128(38, 0))
    result = parts(left, pa.array([7, 1, 2]), None, pa.int64(), on_error=on_error)
    assert [row["remainder"] for row in result.to_pylist()] == [(10**30 + 3) % 7, 0, 1]


@pytest.mark.parametrize("rounding", Rounding)
def test_the_smallest_word_by_minus_1_leaves_0_though_its_quotient_does_not_fit(rounding: Rounding) -> None:
    words = pa.array([-(2**63), 7, None, 5]), pa.array([-1, 0, 1, 3])
    result = parts(*words, None, pa.int64(), rounding=rounding)
    assert result.to_pylist()[:3] == [{"remainder": 0}, None, None]
    assert parts(*words, pa.int64(), None, rounding=rounding).to_pylist()[:3] == [None] * 3


def test_of_two_parts_that_fails_makes_the_row_null_and_leaves_the_other_s_field() -> None:
    left = pa.array([Decimal("100.10"), Decimal("10.00"), Decimal("1.00")])
    result = parts(left, pa.array([7, 2, 0]), pa.int64(), pa.int64())
    assert result.to_pylist() == [None, {"quotient": 5, "remainder": 0}, None]
    assert result.field("quotient").to_pylist() == [14, 5, None]
    assert result.field("remainder").to_pylist() == [None, 0, None]
    said_why = parts(left, pa.array([7, 2, 0]), pa.int64(), pa.int64(), on_error="quarantine")
    assert [row["error"] for row in said_why.to_pylist()] == ["overflow", None, "division by zero"]
    with pytest.raises(
        NumericalOverflowException, match=r"row 0: 100\.10 by 7 does not fit the type asked for"
    ):
        parts(left, pa.array([7, 2, 0]), pa.int64(), pa.int64(), on_error="raise")


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (pa.int8(), -128, 127),
        (pa.int32(), -(2**31), 2**31 - 1),
        (pa.uint8(), 0, 255),
        (pa.uint64(), 0, 2**64 - 1),
        (pa.decimal128(5, 0), -99_999, 99_999),
        (pa.decimal256(50, 0), -(10**50) + 1, 10**50 - 1),
    ],
)
@pytest.mark.parametrize("text", [True, False])
def test_a_result_in_any_integer_or_decimal_type_is_held_up_to_its_bounds(
    kind: pa.DataType, low: int, high: int, text: bool
) -> None:
    numbers = [low - 1, low, high, high + 1]
    column = pa.array(map(str, numbers)) if text else pa.array(numbers, pa.decimal256(60, 0))
    got = parts(column, 1, kind, None).field("quotient")
    assert got.type == kind
    assert [number if number is None else int(number) for number in got.to_pylist()] == [
        None,
        low,
        high,
        None,
    ]


@pytest.mark.parametrize("kind", [pa.float64(), pa.bool_(), pa.date32(), pa.binary()])
def test_a_result_type_that_is_not_exact_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(
        InvalidOptionError, match=rf"quotient_type='{re.escape(str(kind))}'.* Fix: use one of"
    ):
        parts(pa.array([1]), 1, kind, None)


# Floats.

INEXACT = [
    pa.array([1.5, None]),
    pa.array([1.0, 2.0], pa.float32()),
    pa.array([True, False]),
    pa.array([b"1", b"2"]),
    pa.array([1, 2], pa.date32()),
    pa.array([[1], [2]]),
    pa.array(["1", "2"]).dictionary_encode(),
]


@pytest.mark.parametrize("column", INEXACT, ids=lambda column: str(column.type).split("<")[0])
def test_a_column_that_is_not_exact_is_refused_on_either_side(function: Any, column: pa.Array) -> None:
    for pair in ((column, pa.array([2, 2])), (pa.array([2, 2]), column)):
        with pytest.raises(
            InvalidOperandError, match=r"can't be divided; expected .* Fix: give a column of integers"
        ):
            function(*pair)


@pytest.mark.parametrize("amounts", [pa.array([10.55]), pa.array([10.0], pa.float32()), pa.array([True])])
def test_an_amount_or_a_weight_that_is_not_exact_is_refused(amounts: pa.Array) -> None:
    with pytest.raises(InvalidOperandError):
        allocate_arrow(amounts, pa.array([[1, 1]]))
    for kind in (pa.list_(pa.float64()), pa.list_(pa.bool_())):
        with pytest.raises(InvalidOperandError):
            allocate_arrow(pa.array([Decimal("100.00")]), pa.array([[1, 1]]).cast(kind))


@pytest.mark.parametrize("number", [1.5, 2.0, True, Decimal(1), "1", Fraction(3, 2), None])
def test_expand_and_allocate_refuse_anything_but_ints(number: Any) -> None:
    if not isinstance(number, str):
        with pytest.raises(InvalidOperandError):
            expand(number, 3)
        with pytest.raises(InvalidOperandError):
            expand(3, number)
    with pytest.raises(InvalidOperandError):
        allocate(number, [1, 1])
    with pytest.raises(InvalidOperandError):
        allocate(0, [1, number])


# Decimals of every width.


@pytest.mark.parametrize(
    "kind",
    [
        pa.decimal32(5, 2),
        pa.decimal64(12, 2),
        pa.decimal128(20, 2),
        pa.decimal256(20, 2),
        pa.decimal256(60, 2),
    ],
    ids=str,
)
def test_decimals_of_every_width_give_the_same(kind: pa.DataType) -> None:
    numbers = [Decimal("10.55"), None, Decimal("-3.00"), Decimal("0.07")]
    column = pa.array([Decimal("0.01"), *numbers], kind).slice(1)
    assert parts(column, pa.array([2, 1, 2, 3]), pa.int64(), pa.string()).to_pylist() == [
        {"quotient": 5, "remainder": "0.55"},
        None,
        {"quotient": -1, "remainder": "-1.00"},
        {"quotient": 0, "remainder": "0.07"},
    ]
    assert div_round_arrow(column, 2).to_pylist() == [
        Decimal("5.28"),
        None,
        Decimal("-1.50"),
        Decimal("0.04"),
    ]
    assert allocate_arrow(column, [1, 1]).to_pylist()[0] == [Decimal("5.28"), Decimal("5.27")]
    assert expand_arrow(column, 3).field("text").to_pylist()[3] == "0.02(3)"
    weights = pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), pa.array(numbers[::3], kind))
    assert [sum(row) for row in allocate_arrow(pa.array([100]), weights).to_pylist()] == [100]


@pytest.mark.parametrize("kind", [pa.decimal32(5, 0), pa.decimal64(12, 0)], ids=str)
def test_narrow_decimals_are_divided_as_whole_numbers_by_every_engine(kind: pa.DataType) -> None:
    for engine in ("numba", "numpy", "rows"):
        result = divide_arrow(pa.array([Decimal(-7), Decimal(9)], kind), pa.array([2, 2]), engine=engine)  # type: ignore[arg-type]
        assert result.field("quotient").to_pylist() == [-4, 4]


def test_decimals_with_a_negative_scale_have_their_full_value() -> None:
    hundreds = pa.array([Decimal("7E+2"), Decimal("-3E+2")], pa.decimal128(5, -2))
    assert hundreds.type.scale == -2
    assert parts(hundreds, 8, pa.int64(), pa.int64()).to_pylist() == [
        {"quotient": 87, "remainder": 4},
        {"quotient": -37, "remainder": -4},
    ]
    assert allocate_arrow(hundreds, [1]).to_pylist() == [[Decimal("700.00")], [Decimal("-300.00")]]


def test_two_scales_that_need_more_digits_than_any_decimal_has_lose_nothing() -> None:
    left = pa.array([Decimal(10**70 + 7)], pa.decimal256(76, 0))
    right = pa.array([Decimal(3).scaleb(-40)], pa.decimal256(76, 40))
    assert parts(left, right, pa.string(), pa.string()).to_pylist() == [
        {
            "quotient": str((10**70 + 7) * 10**40 // 3),
            "remainder": f"{Decimal((10**70 + 7) * 10**40 % 3).scaleb(-40):f}",
        }
    ]


def test_unsigned_words_keep_all_their_digits_beside_a_decimal() -> None:
    left = pa.array([2**64 - 1], pa.uint64())
    right = pa.array([Decimal("0.0000000000000000003")], pa.decimal128(38, 19))
    assert parts(left, right, pa.string(), None).to_pylist() == [{"quotient": str((2**64 - 1) * 10**19 // 3)}]


def test_a_small_remainder_as_text_is_written_out_not_as_a_power_of_ten() -> None:
    left = pa.array([Decimal(1).scaleb(-12)], pa.decimal128(38, 12))
    assert parts(left, 1, None, pa.string()).to_pylist() == [{"remainder": "0.000000000001"}]


# Text.

TEXTS = [pa.string(), pa.large_string(), pa.string_view()]


@pytest.mark.parametrize("kind", TEXTS, ids=str)
def test_text_of_every_kind_and_length_is_read(kind: pa.DataType) -> None:
    texts = pa.array(["9" * 50, "-7", None, " 8 ", "+9"]).cast(kind)
    assert parts(texts, pa.array(["3"] * 5).cast(kind), pa.string(), pa.string()).to_pylist() == [
        {"quotient": "3" * 50, "remainder": "0"},
        {"quotient": "-2", "remainder": "-1"},
        None,
        {"quotient": "2", "remainder": "2"},
        {"quotient": "3", "remainder": "0"},
    ]
    assert divide_arrow(texts, 3, width=None).field("quotient").to_pylist()[1] == "-3"
    assert div_round_arrow(texts, 3, scale=1).to_pylist()[1:4] == [Decimal("-2.3"), None, Decimal("2.7")]
    assert expand_arrow(texts, 3).field("text").to_pylist()[1] == "-2.(3)"
    assert allocate_arrow(texts.slice(1, 1), [1, 1]).to_pylist() == [[Decimal("-3.50"), Decimal("-3.50")]]


@pytest.mark.parametrize(
    ("divisor", "quotient", "remainder"), [("2.5", 2, "2.0"), ("0.007", 1000, "0.000"), ("30", 0, "7")]
)
def test_text_is_divided_by_a_decimal_of_any_scale(divisor: str, quotient: int, remainder: str) -> None:
    result = parts(pa.array(["7", "x"]), pa.array([Decimal(divisor)] * 2), pa.int64(), pa.string())
    assert result.to_pylist() == [{"quotient": quotient, "remainder": remainder}, None]


@pytest.mark.parametrize("text", ["abc", "10.55", "", "1e5", "٣", "1_000", "--1", "NaN"])
def test_text_that_is_not_a_whole_number_is_null_or_raises_with_its_row(text: str) -> None:
    column = pa.array(["7", text])
    assert allocate_arrow(column, [1, 1]).to_pylist()[1] is None
    assert allocate_arrow(pa.array([1, 1]), pa.array([["1"], [text]])).to_pylist()[1] is None
    assert expand_arrow(column, 3).to_pylist()[1] is None
    assert div_round_arrow(column, 3).to_pylist() == [Decimal("2.33"), None]
    assert parts(column, 3, pa.int64(), None).to_pylist() == [{"quotient": 2}, None]
    for call in (
        lambda: allocate_arrow(column, [1, 1], on_error="raise"),
        lambda: allocate_arrow(pa.array([1, 1]), pa.array([["1"], [text]]), on_error="raise"),
        lambda: expand_arrow(column, 3, on_error="raise"),
        lambda: div_round_arrow(column, 3, on_error="raise"),
        lambda: parts(column, 3, pa.int64(), None, on_error="raise"),
    ):
        with pytest.raises(InvalidOperandError, match=r"^row 1: "):
            call()


# One number for all rows.


@pytest.mark.parametrize(
    "ten",
    [10, "10", Decimal(10), pa.scalar(10), pa.scalar(10, pa.int8()), pa.scalar("10"), pa.scalar(Decimal(10))],
    ids=repr,
)
def test_a_number_stands_for_a_column_of_it_on_either_side(ten: Any) -> None:
    column = pa.array([-5, 5, None])
    assert divide_arrow(column, ten).field("quotient").to_pylist() == [-1, 0, None]
    assert divide_arrow(ten, column).field("quotient").to_pylist() == [-2, 2, None]
    assert div_round_arrow(column, ten, scale=1).to_pylist() == [Decimal("-0.5"), Decimal("0.5"), None]
    assert [row and row["text"] for row in expand_arrow(ten, column).to_pylist()] == ["-2", "2", None]
    assert parts(column, ten, pa.int64(), None).field("quotient").to_pylist() == [0, 0, None]


def test_a_number_without_a_type_of_arrow_is_taken_by_its_digits() -> None:
    result = divide_arrow(pa.array([str(10**60)]), 10**45, width=None)
    assert result.to_pylist() == [{"quotient": str(10**15), "remainder": "0"}]


def test_one_amount_or_one_list_of_weights_is_for_all_rows() -> None:
    assert allocate_arrow(pa.array([10, None, 3]), [1, 1, 1], scale=0).to_pylist() == [
        [Decimal(4), Decimal(3), Decimal(3)],
        None,
        [Decimal(1), Decimal(1), Decimal(1)],
    ]
    assert allocate_arrow(10, pa.array([[1], [1, 1]]), scale=0).to_pylist() == [
        [Decimal(10)],
        [Decimal(5), Decimal(5)],
    ]


def test_a_null_for_a_number_makes_null_rows(function: Any) -> None:
    for null in (None, pa.scalar(None), pa.scalar(None, pa.int64())):
        assert function(pa.array([1, 2]), null).to_pylist() == [None, None]


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), True, b"1", [1], pytest.param(object(), id="object"), pa.scalar(1.5)],
    ids=repr,
)
def test_a_value_that_is_not_an_exact_number_is_refused(function: Any, value: Any) -> None:
    with pytest.raises(InvalidOperandError, match="Fix: give"):
        function(pa.array([1]), value)


def test_two_numbers_without_a_column_and_columns_of_two_lengths_are_refused(function: Any) -> None:
    with pytest.raises(InvalidOperandError, match="column on one side"):
        function(7, 2)
    with pytest.raises(InvalidOperandError, match="one length"):
        function(pa.array([1, 2]), pa.array([1]))


# Forms of columns.


def test_chunked_and_sliced_columns_give_what_whole_ones_give(function: Any) -> None:
    chance = random.Random(4)
    left = [chance.choice([None, chance.randrange(-500, 500)]) for _ in range(200)]
    right = [chance.randrange(-9, 9) for _ in range(200)]
    whole = function(pa.array(left), pa.array(right))
    chunks = pa.chunked_array([pa.array(left[:70]), pa.array(left[70:])])
    assert function(chunks, pa.array([0, *right]).slice(1)).to_pylist() == whole.to_pylist()
    assert function(pa.chunked_array([], pa.int64()), pa.array([], pa.int64())).to_pylist() == []


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int64()), pa.large_list(pa.int64()), pa.list_(pa.int64(), 2)], ids=str
)
def test_lists_of_every_kind_hold_weights(kind: pa.DataType) -> None:
    weights = pa.array([[9, 9], [1, 2], [3, 1]], kind).slice(1)
    expected = [[Decimal(1), Decimal(2)], [Decimal(3), Decimal(1)]]
    assert allocate_arrow(pa.array([3, 4]), weights, scale=0).to_pylist() == expected
    assert allocate_arrow(pa.array([3, 4]), pa.chunked_array([weights]), scale=0).to_pylist() == expected
    assert allocate_arrow(pa.array([3, 4]), pa.nulls(2)).to_pylist() == [None, None]


@pytest.mark.parametrize("weights", [pa.array([1]), pa.array([{"a": 1}]), ["x", 1], [1.5]], ids=str)
def test_weights_that_are_no_lists_of_exact_numbers_are_refused(weights: Any) -> None:
    with pytest.raises(InvalidOperandError, match="Fix: give"):
        allocate_arrow(pa.array([1]), weights)


@pytest.mark.parametrize("option", [{"on_error": "quarantine"}, {"scale": -1}, {"scale": 39}, {"scale": 1.0}])
def test_allocate_refuses_an_unknown_option(option: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match="Fix: use one of"):
        allocate_arrow(pa.array([1]), [1], **option)
