"""Rows as they are read: odd questions, and files of others."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager, col
from lakehouse.delta_log.data_files.casting import StoredFields
from lakehouse.delta_log.scan import data_files
from lakehouse.errors import ConfigurationError
from tests.unit.delta_log.hand_written_logs import PROTOCOL, add, metadata, write_log


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    for number in (1, 2):
        with TransactionManager().transaction(tmp_path) as transaction:
            transaction.append(pa.table({"a": [number], "b": ["x"]}))
    return Snapshot.load(tmp_path)


def test_a_column_that_is_asked_for_twice_comes_twice(snapshot: Snapshot) -> None:
    rows = snapshot.to_arrow(["b", "a", "a"])
    assert rows.column_names == ["b", "a", "a"]
    assert [column.to_pylist() for column in rows.columns] == [["x", "x"], [1, 2], [1, 2]]


def test_rows_can_be_counted_without_a_column(snapshot: Snapshot) -> None:
    assert (snapshot.to_arrow([]).num_rows, snapshot.to_arrow([]).num_columns) == (2, 0)
    assert snapshot.to_arrow([], col("a") == 2).num_rows == 1


@pytest.mark.parametrize("version", ["1", 1.0, True])
def test_a_version_is_a_whole_number(tmp_path: Path, snapshot: Snapshot, version: Any) -> None:
    with pytest.raises(ConfigurationError, match="Fix: "):
        Snapshot.load(tmp_path, version)


@pytest.mark.parametrize("limit", [-1, "2"])
def test_a_limit_of_the_history_is_a_whole_number_from_0(snapshot: Snapshot, limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="Fix: "):
        snapshot.history(limit)
    assert snapshot.history(0) == []


@pytest.mark.parametrize("int96", [True, False])
def test_nanoseconds_go_down_to_the_microsecond_before_1970_too(tmp_path: Path, int96: bool) -> None:
    moments = pa.table({"x": pa.array([-1, -1_000, 1_999, None], pa.timestamp("ns"))})
    pq.write_table(moments, tmp_path / "f.parquet", use_deprecated_int96_timestamps=int96)
    schema = '{"type":"struct","fields":[{"name":"x","type":"timestamp","nullable":true,"metadata":{}}]}'
    size = (tmp_path / "f.parquet").stat().st_size
    write_log(tmp_path, [PROTOCOL, metadata(schemaString=schema), add("f.parquet", size=size)])
    last = datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)
    expected = [last, last, datetime(1970, 1, 1, 0, 0, 0, 1, UTC), None]
    assert Snapshot.load(tmp_path).to_arrow()["x"].to_pylist() == expected


def test_a_number_that_another_engine_misspelt_in_the_properties_counts_as_absent(tmp_path: Path) -> None:
    write_log(tmp_path, [PROTOCOL, metadata(configuration={"delta.dataSkippingNumIndexedCols": "abc"})])
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.append(pa.table({"x": [1]}))
    [stats] = Snapshot.load(tmp_path).files()["stats"].to_pylist()
    assert '"minValues":{"x":1}' in stats


def test_the_work_for_a_wide_table_grows_with_its_columns_alone(tmp_path: Path) -> None:
    def calls(width: int) -> int:
        path = tmp_path / str(width)
        with TransactionManager().transaction(path) as transaction:
            transaction.append(pa.table({f"c{number}": [number] for number in range(width)}))
        counted = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal counted
            counted += 1

        snapshot = Snapshot.load(path)
        files = list(data_files(snapshot.files(), source=snapshot.table))
        reader, fields = snapshot.plan(None).reader(), list(snapshot.struct)
        sys.setprofile(count)
        try:
            rows = reader.read(files[0], fields)
            rows.select([field.name for field in fields])
        finally:
            sys.setprofile(None)
        assert rows.to_pydict() == deltalake.DeltaTable(path).to_pyarrow_table().to_pydict()
        return counted

    assert calls(400) < 2.5 * calls(200)


def test_the_first_of_two_stored_names_counts_and_case_comes_last() -> None:
    stored = StoredFields([pa.field("A", pa.int64()), pa.field("a", pa.int64()), pa.field("B", pa.int64())])
    assert [stored.index_of(name) for name in ("A", "a", "b", "c")] == [0, 1, 2, -1]
