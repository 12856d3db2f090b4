"""What is appended is what another engine reads; a value that the column can't hold is refused."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from lakehouse.delta_log import (
    IncompatibleRowsError,
    NullInRequiredColumnError,
    RowsSchemaMismatchError,
    Snapshot,
    TransactionManager,
    UnsupportedTypeError,
)

NOON = datetime(2020, 1, 1, 12)
MIDNIGHT = datetime(2020, 1, 1)
STRUCT = pa.struct([("a", pa.int32())])


def appended(path: Path, values: pa.Array, column: pa.DataType) -> Any:
    manager = TransactionManager()
    with manager.transaction(path) as transaction:
        transaction.create(pa.schema([("c", column)]))
    with manager.transaction(path) as transaction:
        transaction.append(pa.table({"c": values}))
    found = DeltaTable(path).to_pyarrow_table()["c"].to_pylist()
    assert Snapshot.load(path).to_arrow()["c"].to_pylist() == found
    return found


LOSSY = [
    (pa.array([NOON], pa.timestamp("us")), pa.date32()),
    (pa.array([int(NOON.replace(tzinfo=UTC).timestamp() * 1000)]).cast(pa.date64()), pa.date32()),
    (pa.array([1], pa.timestamp("ns")), pa.timestamp("us")),
    (pa.array([NOON], pa.timestamp("us")), pa.timestamp("us", "UTC")),
    (pa.array([NOON], pa.timestamp("us", "UTC")), pa.timestamp("us")),
    (pa.array([1e300]), pa.float32()),
    (pa.array([0.1]), pa.float32()),
    (pa.array([0.125]), pa.decimal128(10, 2)),
    (pa.array([math.inf]), pa.decimal128(10, 2)),
    (pa.array([math.nan]), pa.int64()),
    (pa.array([1.5]), pa.int64()),
    (pa.array([2**53 + 1]), pa.float64()),
    (pa.array([2**24 + 1]), pa.float32()),
    (pa.array([2]), pa.bool_()),
    (pa.array([300]), pa.int8()),
    (pa.array([1000]), pa.decimal128(5, 2)),
    (pa.array([45306]), pa.date32()),
    (pa.array([45306]), pa.timestamp("us")),
    (pa.array([MIDNIGHT], pa.timestamp("us")), pa.int64()),
    (pa.array([Decimal(10**37 + 1)], pa.decimal128(38, 0)), pa.float64()),
    (pa.array([Decimal("1.005")]), pa.decimal128(10, 2)),
    (pa.array(["1e400"]), pa.float64()),
    (pa.array(["007"]), pa.int64()),
    (pa.array(["2024-1-5 x"]), pa.date32()),
    (pa.array([b"\xff"]), pa.string()),
    (pa.array([[1.5]]), pa.list_(pa.int64())),
    (pa.array([{"a": 2**40}]), STRUCT),
    (pa.array([{"a": 1, "b": 2}]), STRUCT),
    (pa.array([[("k", 1.5)]], pa.map_(pa.string(), pa.float64())), pa.map_(pa.string(), pa.int32())),
    (pa.array([{"a": 1}]), pa.string()),
]


@pytest.mark.parametrize(("values", "column"), LOSSY, ids=[f"{v.type} {v} {c}" for v, c in LOSSY])
def test_a_value_that_the_column_cannot_hold_is_refused(
    tmp_path: Path, values: pa.Array, column: pa.DataType
) -> None:
    with pytest.raises(RowsSchemaMismatchError, match=r"the column 'c' .* Fix: "):
        appended(tmp_path, values, column)
    assert not list(tmp_path.glob("*.parquet"))


LOSSLESS = [
    (pa.array([7, 999, None]), pa.decimal128(5, 2), [Decimal("7.00"), Decimal("999.00"), None]),
    (pa.array([2**64 - 1], pa.uint64()), pa.decimal128(20, 0), [Decimal(2**64 - 1)]),
    (pa.array([0.5, None]), pa.float32(), [0.5, None]),
    (pa.array([0.1], pa.float32()), pa.float64(), [0.10000000149011612]),
    (pa.array([0.25]), pa.decimal128(10, 2), [Decimal("0.25")]),
    (pa.array([2.0]), pa.int64(), [2]),
    (pa.array([MIDNIGHT], pa.timestamp("us")), pa.date32(), [date(2020, 1, 1)]),
    (pa.array([1000], pa.timestamp("ns")), pa.timestamp("us"), [datetime(1970, 1, 1, 0, 0, 0, 1)]),
    (pa.array(["a"]).dictionary_encode(), pa.string(), ["a"]),
    (pa.array(["a"], pa.large_string()), pa.string(), ["a"]),
    (pa.array([None, None], pa.null()), pa.int64(), [None, None]),
    (pa.array([b"abc"], pa.binary(3)), pa.binary(), [b"abc"]),
    (pa.array([[1], None, []], pa.large_list(pa.int32())), pa.list_(pa.int64()), [[1], None, []]),
    (pa.array([{"A": 1}, None]), STRUCT, [{"a": 1}, None]),
    (pa.array([{"a": None}, {"a": 1}]).slice(1), STRUCT, [{"a": 1}]),
]


@pytest.mark.parametrize(
    ("values", "column", "expected"), LOSSLESS, ids=[f"{v.type} {c}" for v, c, _ in LOSSLESS]
)
def test_a_value_that_the_column_holds_is_what_another_engine_reads(
    tmp_path: Path, values: pa.Array, column: pa.DataType, expected: list
) -> None:
    assert appended(tmp_path, values, column) == expected


def test_not_a_number_stays_one(tmp_path: Path) -> None:
    manager = TransactionManager()
    with manager.transaction(tmp_path) as transaction:
        transaction.create(pa.schema([("c", pa.float64())]))
    with manager.transaction(tmp_path) as transaction:
        transaction.append(pa.table({"c": pa.array([math.nan], pa.float32())}))
    assert math.isnan(DeltaTable(tmp_path).to_pyarrow_table()["c"][0].as_py())


def test_a_column_of_nothing_takes_the_type_that_comes(tmp_path: Path) -> None:
    manager = TransactionManager()
    with manager.transaction(tmp_path) as transaction:
        transaction.append(pa.Table.from_pandas(pd.DataFrame({"id": [1], "c": [None], "s": [{"a": None}]})))
    [file] = tmp_path.glob("*.parquet")
    assert pq.read_schema(file).names == ["id", "s"]  # Spark could not read nothing as a text later
    text = pa.table({"id": [2], "c": ["x"], "s": [{"a": 1}]})
    with (
        pytest.raises(RowsSchemaMismatchError, match="merge_schema=True"),
        manager.transaction(tmp_path) as one,
    ):
        one.append(text)
    with manager.transaction(tmp_path) as transaction:
        transaction.append(text, merge_schema=True)
    expected = [{"id": 1, "c": None}, {"id": 2, "c": "x"}]
    assert DeltaTable(tmp_path).to_pyarrow_table(columns=["id", "c"]).sort_by("id").to_pylist() == expected
    rows = Snapshot.load(tmp_path).to_arrow().sort_by("id").to_pylist()
    assert rows == [{**expected[0], "s": {"a": None}}, {**expected[1], "s": {"a": 1}}]


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        (pa.uint64(), 1),
        (pa.time64("us"), 1),
        (pa.duration("us"), 1),
        (pa.struct([]), {}),
        (pa.month_day_nano_interval(), None),
    ],
    ids=str,
)
def test_a_type_that_delta_lacks_is_named_with_its_column(
    tmp_path: Path, data_type: pa.DataType, value: Any
) -> None:
    rows = pa.table({"id": [1], "s": pa.array([{"took": value}], pa.struct([("took", data_type)]))})
    transaction = TransactionManager().start_transaction(tmp_path)
    with pytest.raises(UnsupportedTypeError, match=r"'s\.took'.* Fix: cast it first"):
        transaction.append(rows)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pa.list_(pa.field("element", pa.int64(), nullable=False)), [[1, None]]),
        (pa.map_(pa.string(), pa.field("value", pa.int64(), nullable=False)), [[("k", None)]]),
    ],
    ids=str,
)
def test_a_null_in_a_list_or_a_map_that_has_none_is_refused(
    tmp_path: Path, column: pa.DataType, values: list
) -> None:
    loose = pa.list_(pa.int64()) if pa.types.is_list(column) else pa.map_(pa.string(), pa.int64())
    with pytest.raises(NullInRequiredColumnError, match=r"'c\.(element|value)'"):
        appended(tmp_path, pa.array(values, loose), column)


@pytest.mark.parametrize("partition_by", [None, "a", 7])
def test_partition_columns_are_a_list_of_names(tmp_path: Path, partition_by: Any) -> None:
    transaction = TransactionManager().start_transaction(tmp_path)
    schema = pa.schema([("a", pa.int64()), ("b", pa.int64())])
    with pytest.raises(IncompatibleRowsError, match="is not a list of column names"):
        transaction.create(schema, partition_by=partition_by)
