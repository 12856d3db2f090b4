"""Columns that grow: what was written before is read in the wider type, and no column shrinks."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager, is_widening

MANAGER = TransactionManager()


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (pa.int8(), -128, pa.int16()),
        (pa.int16(), 1, pa.int32()),
        (pa.int32(), -(2**31), pa.int64()),
        (pa.int32(), 2**31 - 1, pa.float64()),
        (pa.float32(), 0.5, pa.float64()),
        (pa.decimal128(4, 2), Decimal("-99.99"), pa.decimal128(7, 3)),
    ],
)
def test_a_column_takes_a_wider_type_and_notes_what_it_was(
    tmp_path: Path, before: pa.DataType, value: object, after: pa.DataType
) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.append(pa.table({"x": pa.array([value, None], before)}))
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.add_columns(pa.schema([("x", after), ("y", pa.string())]), widen=True)
    snapshot = Snapshot.load(tmp_path)
    rows = snapshot.to_arrow()
    assert rows.schema.field("x").type == after
    assert rows["x"].to_pylist() == [value, None]
    field = json.loads(snapshot.metadata.schema_string)["fields"][0]
    (change,) = field["metadata"]["delta.typeChanges"]
    assert change["toType"] == field["type"]
    assert is_widening(change["fromType"], change["toType"])
    assert "typeWidening" in (snapshot.protocol.reader_features or ())
    assert snapshot.properties["delta.enableTypeWidening"] == "true"


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("long", "integer"),
        ("bigint", "double"),
        ("double", "float"),
        ("decimal(10,2)", "decimal(10,3)"),
        ("decimal(10,2)", "decimal(9,2)"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("string", "long"),
        ("integer", "string"),
    ],
)
def test_a_type_that_can_not_hold_each_value_is_no_wider_one(narrow: str, wide: str) -> None:
    assert not is_widening(narrow, wide)


def test_a_column_stays_where_nobody_lets_it_grow(tmp_path: Path) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.append(pa.table({"x": pa.array([1], pa.int32())}))
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.add_columns(pa.schema([("x", pa.int64()), ("y", pa.int64())]))
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.to_arrow().schema.types == [pa.int32(), pa.int64()]
    assert snapshot.protocol.reader_features is None
