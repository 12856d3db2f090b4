"""A table that was dropped and created again at the same path is another table, whoever knew the old one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.delta_log import (
    IncompatibleRowsError,
    Snapshot,
    TableReplacedError,
    TransactionManager,
    write_checkpoint,
)
from lakehouse.storage import LocalStorageService
from tests.unit.delta_log.hand_written_logs import PROTOCOL, add, metadata, write_log


def old_table(path: Path, versions: int = 3) -> TransactionManager:
    manager = TransactionManager()
    for number in range(versions):
        with manager.transaction(path) as transaction:
            transaction.append(pa.table({"a": [number]}))
    return manager


def create_again(path: Path, versions: int) -> None:
    shutil.rmtree(path)
    for number in range(versions):
        write_deltalake(path, pa.table({"b": [f"s{number}"]}), mode="append")


def rows(path: Path) -> list[dict]:
    return sorted(DeltaTable(path).to_pyarrow_table().to_pylist(), key=str)


@pytest.mark.parametrize("versions", [1, 2, 3, 4, 6])
def test_a_manager_of_the_old_table_does_not_write_its_rows_into_the_new_one(
    tmp_path: Path, versions: int
) -> None:
    path = tmp_path / "t"
    manager = old_table(path)
    create_again(path, versions)
    with pytest.raises(IncompatibleRowsError), manager.transaction(path) as transaction:
        transaction.append(pa.table({"a": [99]}))
    with manager.transaction(path) as transaction:
        transaction.append(pa.table({"b": ["t"]}))
    assert rows(path) == [*({"b": f"s{number}"} for number in range(versions)), {"b": "t"}]


@pytest.mark.parametrize("versions", [3, 4, 6])
def test_a_transaction_that_began_on_the_old_table_commits_nothing(tmp_path: Path, versions: int) -> None:
    path = tmp_path / "t"
    manager = old_table(path)
    transaction = manager.start_transaction(path)
    create_again(path, versions)
    transaction.append(pa.table({"a": [99]}))
    with pytest.raises(TableReplacedError, match="Fix: run the transaction again"):
        manager.commit_transaction(transaction)
    manager.rollback_transaction(transaction)
    assert rows(path) == [{"b": f"s{number}"} for number in range(versions)]
    assert len(list(path.glob("*.parquet"))) == versions


@pytest.mark.parametrize("versions", [1, 3, 5])
def test_an_updated_snapshot_shows_the_new_table_alone(tmp_path: Path, versions: int) -> None:
    path = tmp_path / "t"
    old_table(path)
    snapshot = Snapshot.load(path)
    create_again(path, versions)
    newer = snapshot.update()
    assert newer.version == versions - 1
    assert newer.to_arrow().sort_by("b").to_pylist() == rows(path)


def test_a_snapshot_of_a_checkpoint_is_updated_to_the_new_table(tmp_path: Path) -> None:
    path = tmp_path / "t"
    old_table(path)
    write_checkpoint(LocalStorageService(path), Snapshot.load(path))
    snapshot = Snapshot.load(path)
    assert snapshot.update() is snapshot
    create_again(path, 3)
    assert snapshot.update().to_arrow().sort_by("b").to_pylist() == rows(path)


def test_without_provenance_in_the_log_the_tables_id_tells_them_apart(tmp_path: Path) -> None:
    def write(identity: str, column: str) -> None:
        schema = '{"type":"struct","fields":[{"name":"%s","type":"long","nullable":true,"metadata":{}}]}'
        shutil.rmtree(tmp_path / "t", ignore_errors=True)
        table = metadata(id=identity, schemaString=schema % column)
        write_log(tmp_path / "t", [PROTOCOL, table, add("f.parquet")])

    write("one", "x")
    manager = TransactionManager()
    transaction = manager.start_transaction(tmp_path / "t")
    transaction.append(pa.table({"x": [1]}))
    write("two", "y")
    with pytest.raises(TableReplacedError):
        manager.commit_transaction(transaction)
    assert manager.start_transaction(tmp_path / "t").metadata.id == "two"


def test_rows_can_be_appended_where_only_a_checkpoint_is_left(tmp_path: Path) -> None:
    path = tmp_path / "t"
    old_table(path)
    write_checkpoint(LocalStorageService(path), Snapshot.load(path))
    for file in [*path.glob("_delta_log/*.json"), *path.glob("_delta_log/*.crc")]:
        file.unlink()
    for number in (3, 4):
        with TransactionManager().transaction(path) as transaction:
            transaction.append(pa.table({"a": [number]}))
    assert rows(path) == [{"a": number} for number in range(5)]
