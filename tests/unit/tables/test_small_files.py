"""Small files of a partition become one; what is large stays, and no row changes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, RemoveFile, SharedWrite, Snapshot, TransactionManager
from lakehouse.tables import small_files
from lakehouse.tables.small_files import small_files_together

MANAGER = TransactionManager(spark_writers=False)


def compact(path: Path) -> None:
    """Do here what tasks of Spark do."""
    snapshot = Snapshot.load(path)
    write = SharedWrite.of_same_rows(snapshot)
    with MANAGER.transaction(path) as transaction:
        for part in small_files_together(snapshot):
            files = write.write(pa.concat_tables(part.tables()))
            transaction.take_rewrite(part.files["path"].to_pylist(), files)


def test_small_files_become_one_in_each_partition(tmp_path: Path) -> None:
    rows = pa.table({"k": [1, 2, 3], "part": ["a", "b", "a"]})
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(rows.schema, partition_by=["part"])
    for _ in range(3):
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.append(rows)
    compact(tmp_path)
    table = deltalake.DeltaTable(tmp_path)
    assert len(table.file_uris()) == 2
    assert Counter(map(repr, table.to_pyarrow_table().to_pylist())) == Counter(
        map(repr, rows.to_pylist() * 3)
    )
    actions = Snapshot.load(tmp_path).actions_of(table.version())
    assert not any(each.data_change for each in actions if isinstance(each, AddFile | RemoveFile))
    compact(tmp_path)
    assert deltalake.DeltaTable(tmp_path).version() == table.version()


def test_more_small_files_than_fit_into_one_become_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.append(pa.table({"k": [number]}))
    (size, *_) = (file.stat().st_size for file in tmp_path.glob("*.parquet"))
    monkeypatch.setattr(small_files, "target_file_bytes", lambda _: 3 * size)
    compact(tmp_path)
    table = deltalake.DeltaTable(tmp_path)
    assert len(table.file_uris()) == 3
    assert sorted(table.to_pyarrow_table()["k"].to_pylist()) == list(range(7))
