"""A table is put back to an older version, as a new one: what another engine reads is what it was."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.delta_log import DataFileError, Snapshot, TransactionManager, VersionNotFoundError, col

MANAGER = TransactionManager()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Version 0 to 3: two rows, two more, one gone with its file rewritten, and a new column."""
    path = tmp_path / "t"
    with MANAGER.transaction(path) as transaction:
        transaction.append(pa.table({"id": [1, 2], "x": ["a", "b"]}))
    with MANAGER.transaction(path) as transaction:
        transaction.append(pa.table({"id": [3, 4], "x": ["c", "d"]}))
    with MANAGER.transaction(path) as transaction:
        transaction.delete(col("id") == 1)
    with MANAGER.transaction(path) as transaction:
        transaction.append(pa.table({"id": [5], "x": ["e"], "y": [1.5]}), merge_schema=True)
    return path


def restored(path: Path, version: int) -> int:
    with MANAGER.transaction(path) as transaction:
        transaction.restore(version)
    return Snapshot.load(path).version


def rows(path: Path, version: int | None = None) -> tuple[list[str], list[dict[str, object]]]:
    """What delta-rs reads."""
    found = DeltaTable(path, version=version).to_pyarrow_table()
    return found.column_names, found.sort_by("id").to_pylist()


@pytest.mark.parametrize("version", [0, 1, 2])
def test_rows_and_columns_are_those_of_the_older_version(table: Path, version: int) -> None:
    before = rows(table, version)
    assert restored(table, version) == 4
    assert rows(table) == before
    assert Snapshot.load(table).to_arrow().sort_by("id").to_pylist() == before[1]
    assert DeltaTable(table).history(1)[0]["operation"] == "RESTORE"


def test_a_restored_table_can_be_restored_to_what_it_was_before(table: Path) -> None:
    before = rows(table)
    restored(table, 0)
    assert restored(table, 3) == 5
    assert rows(table) == before


def test_a_version_whose_files_are_gone_is_refused_and_nothing_is_committed(table: Path) -> None:
    first, now = (set(DeltaTable(table, version=version).file_uris()) for version in (0, 3))
    for file in first - now:
        Path(file).unlink()
    with pytest.raises(DataFileError, match="version 0 needs the data file"):
        restored(table, 0)
    assert Snapshot.load(table).version == 3


def test_a_version_that_never_was_is_refused(table: Path) -> None:
    with pytest.raises(VersionNotFoundError):
        restored(table, 9)
