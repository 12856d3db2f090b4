"""Small tables that deltalake makes while the tests run, read by both: every type, every change, every version."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest
from foreign_tables import plain_rows

from lakehouse.delta_log import Snapshot

EVERY_TYPE = pa.table(
    {
        "long": pa.array([1, -(2**63), None]),
        "int": pa.array([1, -(2**31), None], pa.int32()),
        "short": pa.array([1, -(2**15), None], pa.int16()),
        "byte": pa.array([1, -128, None], pa.int8()),
        "double": pa.array([float("nan"), float("-inf"), -0.0]),
        "float": pa.array([0.1, 1e-30, None], pa.float32()),
        "text": pa.array(["", "é % / \\ \" ' \n", None]),
        "flag": pa.array([True, False, None]),
        "raw": pa.array([b"\0\xff", b"", None]),
        "day": pa.array([date(1500, 2, 28), date(9999, 12, 31), None]),
        "moment": pa.array([datetime(1500, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 1, 2, 3, 4, UTC), None]),
        "local": pa.array([datetime(2024, 2, 29, 1, 2, 3, 456789), None, None], pa.timestamp("us")),
        "money": pa.array([Decimal("12345678901234567890.12"), Decimal("-0.01"), None], pa.decimal128(22, 2)),
        "list": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "map": pa.array([[("a", 1), ("b", None)], [], None], pa.map_(pa.string(), pa.int64())),
        "struct": pa.array([{"a": 1, "b": {"c": "x"}}, {"a": None, "b": None}, None]),
    }
)


def read_deltalake(path: Path, version: int | None = None) -> pa.Table:
    table = deltalake.DeltaTable(path, version=version)
    return pa.table(deltalake.QueryBuilder().register("t", table).execute("select * from t"))


def assert_same(path: Path, version: int | None = None) -> pa.Table:
    rows = Snapshot.load(path, version).to_arrow()
    assert plain_rows(rows) == plain_rows(read_deltalake(path, version))
    return rows


def test_every_type_comes_back_as_it_went_in(tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path, EVERY_TYPE)
    rows = assert_same(tmp_path)
    assert plain_rows(rows) == plain_rows(EVERY_TYPE)
    assert rows.schema.remove_metadata().equals(Snapshot.load(tmp_path).schema.remove_metadata())
    assert [str(f.type) for f in rows.schema][:13] == [str(f.type) for f in EVERY_TYPE.schema][:13]


@pytest.mark.parametrize(
    "name", ["long", "int", "short", "byte", "text", "flag", "day", "moment", "local", "money", "double"]
)
def test_partition_values_of_every_type_come_back(tmp_path: Path, name: str) -> None:
    data = EVERY_TYPE.select([name]).append_column("row", pa.array(range(3)))
    if name == "double":
        data = data.set_column(0, name, pa.array([1.5, float("-inf"), None]))
    if name == "money":
        # deltalake can't write its own "-0.01" as a partition value.
        money = pa.array([Decimal("1.25"), Decimal("-3.00"), None], pa.decimal128(22, 2))
        data = data.set_column(0, name, money)
    if name == "text":
        data = data.set_column(0, name, pa.array(["é", "a b%c/d=e:f#?", None]))
    deltalake.write_deltalake(tmp_path, data, partition_by=[name])
    assert plain_rows(assert_same(tmp_path)) == plain_rows(data)


def test_every_version_of_a_changing_table_is_the_same_to_both(tmp_path: Path) -> None:
    data = pa.table({"id": range(10), "p": ["a", "b"] * 5})
    deltalake.write_deltalake(tmp_path, data, partition_by=["p"])
    table = deltalake.DeltaTable(tmp_path)
    table.delete("id < 3")
    table.update(updates={"id": "id + 100"}, predicate="p = 'a'")
    wider = data.append_column("new", pa.array([{"x": n} for n in range(10)]))
    deltalake.write_deltalake(tmp_path, wider, mode="append", schema_mode="merge", partition_by=["p"])
    deltalake.DeltaTable(tmp_path).optimize.compact()
    deltalake.DeltaTable(tmp_path).create_checkpoint()
    deltalake.write_deltalake(tmp_path, wider.slice(0, 2), mode="overwrite", partition_by=["p"])
    versions = range(deltalake.DeltaTable(tmp_path).version() + 1)
    assert len(versions) == 6
    for version in versions:
        assert_same(tmp_path, version)
        ours, theirs = Snapshot.load(tmp_path, version), deltalake.DeltaTable(tmp_path, version=version)
        assert sorted(ours.files().column("path").to_pylist()) == sorted(
            uri.removeprefix(f"{tmp_path}/") for uri in theirs.file_uris()
        )
    history = [(entry.version, entry.commit_info.operation) for entry in Snapshot.load(tmp_path).history()]
    assert history == [(entry["version"], entry["operation"]) for entry in theirs.history()]


def changes_of(rows: pa.Table) -> list[dict[str, Any]]:
    names = ["id", "p", "_change_type", "_commit_version"]
    return sorted(rows.select(names).to_pylist(), key=lambda row: [str(row[name]) for name in names])


@pytest.fixture
def fed(tmp_path: Path) -> Path:
    """Return a table with a change data feed, over an insert, an update, a delete and an append."""
    data = pa.table({"id": range(6), "p": ["a", "b"] * 3})
    properties = {"delta.enableChangeDataFeed": "true"}
    deltalake.write_deltalake(tmp_path, data, partition_by=["p"], configuration=properties)
    deltalake.DeltaTable(tmp_path).update(updates={"id": "id + 100"}, predicate="id = 2")
    deltalake.DeltaTable(tmp_path).delete("id = 3")
    deltalake.write_deltalake(tmp_path, data.slice(0, 2), mode="append", partition_by=["p"])
    return tmp_path


def test_changes_are_those_of_the_change_data_feed(fed: Path) -> None:
    assert list(fed.glob("_change_data/**/*.parquet")), "deltalake wrote no change data files"
    expected = pa.table(deltalake.DeltaTable(fed).load_cdf(starting_version=0, ending_version=3))
    found = Snapshot.load(fed).changes(0, 3)
    assert changes_of(found) == changes_of(expected)
    assert {row["_change_type"] for row in changes_of(found)} == {
        "insert",
        "update_preimage",
        "update_postimage",
        "delete",
    }


def test_changes_of_some_versions_leave_the_others_out(fed: Path) -> None:
    found = changes_of(Snapshot.load(fed).changes(2, 2))
    assert [(row["id"], row["_change_type"], row["_commit_version"]) for row in found] == [(3, "delete", 2)]


def test_without_change_data_the_added_and_removed_files_give_the_changes(tmp_path: Path) -> None:
    data = pa.table({"id": [1, 2], "p": ["a", "b"]})
    deltalake.write_deltalake(tmp_path, data, partition_by=["p"])
    deltalake.DeltaTable(tmp_path).delete("p = 'a'")
    found = changes_of(Snapshot.load(tmp_path).changes(0))
    assert [(row["id"], row["p"], row["_change_type"], row["_commit_version"]) for row in found] == [
        (1, "a", "delete", 1),
        (1, "a", "insert", 0),
        (2, "b", "insert", 0),
    ]
