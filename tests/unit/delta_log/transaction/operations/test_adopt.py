"""Parquet files of others become part of a table, with the statistics of their footers, or they are deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import (
    IncompatibleRowsError,
    Snapshot,
    StructType,
    TransactionManager,
    UnenforceableRuleError,
    WriteKind,
    schema_from_json,
)

SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])


def struct(*columns: tuple[str, str], nullable: bool = True) -> StructType:
    fields = [{"name": name, "type": kind, "nullable": nullable, "metadata": {}} for name, kind in columns]
    return schema_from_json(json.dumps({"type": "struct", "fields": fields}), table="test")


STRUCT = struct(("id", "long"), ("name", "string"))


def put(table: Path, key: str, *ids: int) -> str:
    table.mkdir(exist_ok=True)
    pq.write_table(pa.table({"id": ids, "name": [f"n{i}" for i in ids]}, schema=SCHEMA), table / key)
    return key


def files(table: Path) -> set[str]:
    return {path.name for path in table.glob("*.parquet")}


def ids(table: Path) -> list[int]:
    """The table's ids as delta-rs reads them."""
    return sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist())


@pytest.fixture
def manager() -> TransactionManager:
    return TransactionManager()


@pytest.fixture
def table(tmp_path: Path, manager: TransactionManager) -> Path:
    path = tmp_path / "t"
    with manager.transaction(path) as transaction:
        transaction.adopt([put(path, "a.parquet", 1, 2)], STRUCT)
    return path


def test_the_first_files_create_the_table_and_others_join_it(
    table: Path, manager: TransactionManager
) -> None:
    with manager.transaction(table) as transaction:
        transaction.adopt([put(table, "b c%.parquet", 3)], STRUCT)
    assert ids(table) == [1, 2, 3]
    history = deltalake.DeltaTable(table).history()
    assert [entry["operationParameters"]["mode"] for entry in history] == ["Append", "Append"]


def test_statistics_come_from_the_footers(table: Path) -> None:
    (text,) = Snapshot.load(table).files()["stats"].to_pylist()
    assert json.loads(text) == {
        "numRecords": 2,
        "minValues": {"id": 1, "name": "n1"},
        "maxValues": {"id": 2, "name": "n2"},
        "nullCount": {"id": 0, "name": 0},
    }


def test_an_overwrite_leaves_only_the_files_that_come(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.adopt([put(table, "b.parquet", 7)], STRUCT, kind=WriteKind.OVERWRITE)
    assert ids(table) == [7]
    assert "metaData" not in (table / "_delta_log" / f"{1:020d}.json").read_text()


def test_an_overwrite_brings_the_schema_of_its_files_and_the_features_it_needs(
    table: Path, manager: TransactionManager
) -> None:
    rows = pa.table({"id": [7], "at": pa.array([0], pa.timestamp("us"))})
    pq.write_table(rows, table / "b.parquet")
    schema = struct(("id", "long"), ("at", "timestamp_ntz"))
    with manager.transaction(table) as transaction:
        transaction.adopt(["b.parquet"], schema, kind=WriteKind.OVERWRITE)
    read = deltalake.DeltaTable(table)
    assert read.to_pyarrow_table()["id"].to_pylist() == [7]
    assert "timestampNtz" in (read.protocol().reader_features or [])


def test_a_file_without_rows_is_deleted(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.adopt([put(table, "b.parquet"), put(table, "c.parquet", 3)], STRUCT)
    assert ids(table) == [1, 2, 3]
    assert files(table) == {"a.parquet", "c.parquet"}


def test_files_go_where_one_of_them_is_not_parquet(table: Path, manager: TransactionManager) -> None:
    put(table, "b.parquet", 3)
    (table / "c.parquet").write_bytes(b"no Parquet")
    with (
        pytest.raises(IncompatibleRowsError, match=r"'c\.parquet' is not a Parquet file"),
        manager.transaction(table) as transaction,
    ):
        transaction.adopt(["b.parquet", "c.parquet"], STRUCT)
    assert files(table) == {"a.parquet"}
    assert ids(table) == [1, 2]


def test_files_go_where_putting_them_into_place_fails(table: Path, manager: TransactionManager) -> None:
    def arriving() -> Iterator[str]:
        yield put(table, "b.parquet", 3)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"), manager.transaction(table) as transaction:
        transaction.adopt(arriving(), STRUCT)
    assert files(table) == {"a.parquet"}


def test_a_rollback_deletes_adopted_files_and_no_other(table: Path, manager: TransactionManager) -> None:
    transaction = manager.start_transaction(table)
    transaction.adopt([put(table, "b.parquet", 3)], STRUCT)
    assert files(table) == {"a.parquet", "b.parquet"}
    manager.rollback_transaction(transaction)
    assert files(table) == {"a.parquet"}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (struct(("id", "long"), ("other", "string")), "'other' is unknown"),
        (struct(("ID", "long")), "'ID' is unknown"),
        (struct(("id", "integer")), "'id' is int32 in the files, and int64 in the table"),
    ],
)
def test_files_of_another_schema_are_refused(
    table: Path, manager: TransactionManager, schema: StructType, problem: str
) -> None:
    with pytest.raises(IncompatibleRowsError, match=problem), manager.transaction(table) as transaction:
        transaction.adopt(["never looked at"], schema)


def test_files_that_may_hold_nulls_do_not_get_into_a_column_without(
    tmp_path: Path, manager: TransactionManager
) -> None:
    path = tmp_path / "strict"
    with manager.transaction(path) as transaction:
        transaction.create(struct(("id", "long"), ("name", "string"), nullable=False))
    with (
        pytest.raises(IncompatibleRowsError, match="'id' may be null in the files"),
        manager.transaction(path) as transaction,
    ):
        transaction.adopt(["never looked at"], STRUCT)
    with (
        pytest.raises(IncompatibleRowsError, match="'name' is missing, and must not be null"),
        manager.transaction(path) as transaction,
    ):
        transaction.adopt(["never looked at"], struct(("id", "long"), nullable=False))


def test_files_do_not_get_into_partitions_or_mapped_columns(
    tmp_path: Path, manager: TransactionManager
) -> None:
    for name, options, problem in (
        ("p", {"partition_by": ["name"]}, "is partitioned"),
        ("m", {"properties": {"delta.columnMapping.mode": "name"}}, "maps its columns"),
    ):
        with manager.transaction(tmp_path / name) as transaction:
            transaction.create(SCHEMA, **options)  # type: ignore[arg-type]
        with (
            pytest.raises(IncompatibleRowsError, match=problem),
            manager.transaction(tmp_path / name) as transaction,
        ):
            transaction.adopt(["never looked at"], STRUCT)


def test_rules_that_need_sql_refuse_files_too(tmp_path: Path, manager: TransactionManager) -> None:
    fields = [{"name": "id", "type": "long", "nullable": True, "metadata": {"delta.invariants": "id > 0"}}]
    schema = schema_from_json(json.dumps({"type": "struct", "fields": fields}), table="test")
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.create(schema)
    with pytest.raises(UnenforceableRuleError), manager.transaction(tmp_path / "t") as transaction:
        transaction.adopt(["never looked at"], struct(("id", "long")))
