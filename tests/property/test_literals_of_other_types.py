"""A literal of another type than its column is compared exactly. What is right, Python's own numbers say."""

from __future__ import annotations

import json
import math
import operator
import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.delta_log import InvalidPredicateError, NoSuchColumnError, Snapshot, TransactionManager
from lakehouse.delta_log.scan import Comparison, IsIn, Not, Predicate, bound_to, col, may_match
from lakehouse.delta_log.schema import delta_schema

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = st.one_of(
    st.sampled_from([2**53 + 1, -(2**53) - 1, 2**63, 2**63 - 1, -(2**63) - 1, 10**400, 0, 1, -1]),
    st.integers(-3, 3),
    st.sampled_from([0.1, 44.5, -0.5, 2.0**60, 1e300, -1e300, 5e-324, -0.0, math.inf, -math.inf]),
    st.decimals(-3, 3, places=3),
    st.sampled_from([Decimal("0.1"), Decimal("1e40"), Decimal("9007199254740993.5")]),
    st.floats(-2, 2, width=32),
)


def float32(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]


COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy]] = {
    "byte": (pa.int8(), st.sampled_from([-128, -1, 0, 1, 2, 127])),
    "long": (pa.int64(), st.sampled_from([-(2**63), -1, 0, 1, 2, 2**53, 2**53 + 1, 2**63 - 1])),
    "float": (
        pa.float32(),
        st.sampled_from([0.0, 0.1, -0.1, 0.5, 1.5, 3e38, math.inf]).map(
            lambda x: x if math.isinf(x) else float32(x)
        ),
    ),
    "double": (pa.float64(), st.sampled_from([0.0, -0.0, 0.1, 0.5, 1e300, 2.0**53, math.inf, -math.inf])),
    "money": (pa.decimal128(10, 2), st.decimals(-3, 3, places=2)),
    "big": (pa.decimal128(38, 2), st.sampled_from([Decimal("0.10"), Decimal("9007199254740993.50")])),
}


def exact(value: Any) -> Any:
    return value if isinstance(value, float) and math.isinf(value) else Fraction(value)


def compares(left: Any, name: str, right: Any) -> bool:
    return OPERATORS[name](exact(left), exact(right))


def answers(predicate: Predicate, data_type: pa.DataType, values: list[Any]) -> tuple[list[bool], bool]:
    """Return for which rows the predicate is true, and whether a file of them may be skipped."""
    arrow = pa.schema([("x", data_type)])
    schema = delta_schema(arrow, table="t")
    rows = pa.table({"x": pa.array(values, data_type), "i": range(len(values))})
    found = rows.filter(bound_to(predicate, schema, table="t").to_arrow())["i"].to_pylist()
    known = [value for value in values if value is not None]
    text = str if pa.types.is_decimal(data_type) else lambda value: value
    stats = {"numRecords": len(values), "nullCount": {"x": len(values) - len(known)}}
    if known and not any(isinstance(value, float) and math.isinf(value) for value in known):
        stats |= {"minValues": {"x": text(min(known))}, "maxValues": {"x": text(max(known))}}
    body = json.dumps(stats)
    if pa.types.is_decimal(data_type):
        body = body.replace('"x": "', '"x": ').replace('"}', "}")
    files = pa.table({"stats": [body], "partitionValues": pa.nulls(1, pa.map_(pa.string(), pa.string()))})
    kept = may_match(files, predicate, schema, partition_columns=[], table="t").to_pylist()
    return [row in found for row in range(len(values))], kept == [False]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([*COLUMNS]), st.sampled_from([*OPERATORS]), NUMBERS, st.booleans(), st.data())
def test_a_number_is_compared_exactly_in_rows_and_in_files(
    name: str, comparison: str, literal: Any, is_negated: bool, data: st.DataObject
) -> None:
    data_type, values = COLUMNS[name]
    rows = data.draw(st.lists(st.none() | values, min_size=1, max_size=4))
    predicate: Predicate = Comparison(("x",), comparison, literal)
    found, is_skipped = answers(Not(predicate) if is_negated else predicate, data_type, rows)
    expected = [row is not None and compares(row, comparison, literal) is not is_negated for row in rows]
    assert found == expected
    assert not (is_skipped and any(expected))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*COLUMNS]), st.lists(NUMBERS | st.none(), max_size=4), st.booleans(), st.data())
def test_a_list_of_numbers_means_what_its_comparisons_mean(
    name: str, literals: list[Any], is_negated: bool, data: st.DataObject
) -> None:
    data_type, values = COLUMNS[name]
    rows = data.draw(st.lists(st.none() | values, min_size=1, max_size=4))
    predicate: Predicate = IsIn(("x",), tuple(literals))
    found, is_skipped = answers(Not(predicate) if is_negated else predicate, data_type, rows)

    def is_true(row: Any) -> bool:
        if not literals:
            return is_negated
        if row is None:
            return False
        is_in = any(each is not None and compares(row, "==", each) for each in literals)
        return is_in if not is_negated else not is_in and None not in literals

    assert found == [is_true(row) for row in rows]
    assert not (is_skipped and any(found))


NOON = datetime(2024, 5, 1, 12)
MOMENTS: dict[str, tuple[pa.DataType, Any, Any, dict[str, bool]]] = {
    "a moment against a date": (
        pa.date32(),
        date(2024, 5, 1),
        NOON,
        {"==": False, "<": True, ">=": False, "!=": True},
    ),
    "a midnight against a date": (
        pa.date32(),
        date(2024, 5, 1),
        datetime(2024, 5, 1),
        {"==": True, "<": False, ">=": True},
    ),
    "a zoned moment against a date": (
        pa.date32(),
        date(2024, 5, 1),
        NOON.replace(tzinfo=UTC),
        {"==": False, "<": True},
    ),
    "a date against a moment": (
        pa.timestamp("us"),
        NOON,
        date(2024, 5, 1),
        {"==": False, ">": True, "<=": False},
    ),
    "a date against a zoned moment": (
        pa.timestamp("us", "UTC"),
        NOON.replace(tzinfo=UTC),
        date(2024, 5, 2),
        {"<": True, ">=": False},
    ),
    "nanoseconds of pandas": (
        pa.timestamp("us"),
        NOON,
        pd.Timestamp(NOON) + pd.Timedelta(1, "ns"),
        {"==": False, "<": True, ">=": False},
    ),
    "nanoseconds of numpy before 1970": (
        pa.timestamp("us"),
        datetime(1960, 1, 1),
        np.datetime64("1960-01-01T00:00:00.000000001", "ns"),
        {"==": False, "<": True, ">": False},
    ),
    "nanoseconds of pyarrow": (
        pa.timestamp("us", "UTC"),
        NOON.replace(tzinfo=UTC),
        pa.scalar(1, pa.timestamp("ns", "UTC")),
        {">": True},
    ),
    "another zone": (
        pa.timestamp("us", "UTC"),
        NOON.replace(tzinfo=UTC),
        pd.Timestamp("2024-05-01 14:00", tz="Europe/Berlin"),
        {"==": True, "!=": False},
    ),
    "a number of numpy": (pa.int32(), 3, np.float32(3.5), {"<": True, "==": False}),
    "a whole number of numpy": (pa.int32(), 3, np.int64(3), {"==": True}),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_moment_is_compared_exactly(name: str) -> None:
    data_type, value, literal, expected = MOMENTS[name]
    found = {}
    schema = delta_schema(pa.schema([("x", data_type)]), table="t")
    rows = pa.table({"x": pa.array([value], data_type)})
    for each in expected:
        predicate = bound_to(Comparison(("x",), each, literal), schema, table="t")
        found[each] = rows.filter(predicate.to_arrow()).num_rows == 1
    assert found == expected


@pytest.mark.parametrize("is_partition", [False, True])
@pytest.mark.parametrize(
    ("files", "predicate", "left"),
    [
        ([[44, 44], [50], [1]], col("x") < 44.5, [50]),
        ([[44, 44], [50], [1]], col("x") != Decimal("44.5"), []),
        ([[44, 44], [50], [1]], ~(col("x") == 44.5), []),
        ([[date(2024, 5, 1)], [date(2024, 5, 2)]], col("x") < NOON, [date(2024, 5, 2)]),
        ([[1], [2], [3]], col("X").is_in([1.0, Decimal(3), 2.5]), [2]),
    ],
)
def test_delete_leaves_no_row_that_meets_the_literal(
    tmp_path: Path, files: list, predicate: Predicate, left: list, is_partition: bool
) -> None:
    manager = TransactionManager()
    schema = pa.table({"x": files[0], "i": files[0]}).schema
    with manager.transaction(tmp_path) as transaction:
        transaction.create(schema, partition_by=["x"] if is_partition else [])
    for values in files:
        with manager.transaction(tmp_path) as transaction:
            transaction.append(pa.table({"x": values, "i": values}))
    with manager.transaction(tmp_path) as transaction:
        transaction.delete(predicate)
    assert Snapshot.load(tmp_path).to_arrow()["x"].to_pylist() == left


@pytest.mark.parametrize(
    ("data_type", "literal"),
    [
        (pa.int64(), "1"),
        (pa.int64(), True),
        (pa.string(), 1),
        (pa.string(), "\ud800"),
        (pa.bool_(), 1),
        (pa.date32(), "2024-05-01"),
        (pa.date32(), 45306),
        (pa.timestamp("us"), NOON.replace(tzinfo=UTC)),
        (pa.timestamp("us", "UTC"), NOON),
        (pa.decimal128(5, 2), "1.00"),
        (pa.list_(pa.int64()), 1),
    ],
)
def test_a_literal_that_has_no_place_in_the_columns_order_is_refused(
    tmp_path: Path, data_type: pa.DataType, literal: Any
) -> None:
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.create(pa.schema([("x", data_type)]))
    for predicate in (col("x") == literal, col("x") < literal, col("x").is_in([literal])):
        with pytest.raises(InvalidPredicateError, match="Fix: "):
            Snapshot.load(tmp_path).to_arrow(predicate=predicate)


def test_columns_are_found_whatever_their_case(tmp_path: Path) -> None:
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.append(pa.table({"Id": [1, 2], "S": [{"A": 1}, {"A": 2}], "P": ["a", "b"]}))
    snapshot = Snapshot.load(tmp_path)
    for predicate in (col("id") == 2, col("s", "a") == 2, col("p") == "b", ~col("ID").is_in([1])):
        assert snapshot.to_arrow(["id"], predicate).to_pydict() == {"Id": [2]}
    with pytest.raises(NoSuchColumnError):
        snapshot.to_arrow(predicate=col("s", "b") == 1)


def test_the_time_of_many_keys_grows_with_their_number(tmp_path: Path) -> None:
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.append(pa.table({"x": range(20_000)}))
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.to_arrow(predicate=col("x").is_in(range(0, 32_000, 2))).num_rows == 10_000
    either = col("x") == 0
    for number in range(1, 2_000):
        either = either | (col("x") == number)
    assert snapshot.to_arrow(predicate=either).num_rows == 2_000


def test_a_condition_has_no_truth_value() -> None:
    first, second = col("x") > 5, col("y") == 1
    for ask in (
        lambda: first and second,
        lambda: first or second,
        lambda: not first,
        lambda: 5 < col("x") < 7,
        lambda: not col("x"),
        lambda: bool(first & second),
        lambda: bool(col("x").is_in([1])),
        lambda: bool(~col("x").is_null()),
    ):
        with pytest.raises(TypeError, match=r"Fix: join conditions with &"):
            ask()


def test_one_text_is_not_taken_for_a_list_of_letters() -> None:
    with pytest.raises(TypeError, match="Fix: "):
        col("x").is_in("abc")


def test_the_last_day_of_the_calendar_and_days_beyond_it_are_compared(tmp_path: Path) -> None:
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.append(pa.table({"x": pa.array([3_000_000, 0], pa.int32()).cast(pa.date32())}))
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.to_arrow(predicate=col("x") > date(9999, 12, 31)).num_rows == 1
    assert snapshot.to_arrow(predicate=col("x") < date(9999, 12, 31) - timedelta(1)).num_rows == 1


@pytest.mark.parametrize("data_type", [pa.float32(), pa.float64()])
@pytest.mark.parametrize("zero", [0, 0.0, -0.0, Decimal("-0")])
def test_the_two_zeros_are_one_number(data_type: pa.DataType, zero: Any) -> None:
    found, is_skipped = answers(col("x").is_in([zero, 7]), data_type, [0.0, -0.0, 1.0])
    assert (found, is_skipped) == ([True, True, False], False)
    assert answers(~col("x").is_in([zero, 7]), data_type, [0.0, -0.0, 1.0])[0] == [False, False, True]


def test_a_key_at_the_end_of_a_files_bounds_is_found() -> None:
    for key in (1, 5):
        assert answers(col("x").is_in([key, 99]), pa.int64(), [1, 5]) == ([key == 1, key == 5], False)
    assert answers(col("x").is_in([0, 6]), pa.int64(), [1, 5]) == ([False, False], True)
