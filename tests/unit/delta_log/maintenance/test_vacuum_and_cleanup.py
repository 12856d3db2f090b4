"""What may be deleted, and what a version within the retention still needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.delta_log.checkpoint import clean_log, write_checkpoint
from lakehouse.delta_log.errors import RetentionTooShortError, VersionNotFoundError
from lakehouse.delta_log.maintenance import vacuum
from lakehouse.storage import LocalStorageService
from tests.unit.delta_log.hand_written_logs import add, metadata, vector, write_log

HOUR_MS, DAY_S = 3_600_000, 86_400


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def rows(*ids: int) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "_hidden": ["a"] * len(ids)})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Overwritten once; with an orphan, and files that aren't the table's."""
    manager = TransactionManager()
    path = tmp_path / "table"
    with manager.transaction(path) as transaction:
        transaction.create(rows(0).schema, partition_by=["_hidden"])
        transaction.append(rows(1))
    with manager.transaction(path) as transaction:
        transaction.overwrite(rows(2))
    for name in ("orphan.parquet", "_not_ours/x.parquet", ".hidden", "_change_data/cdc.parquet"):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(b"x")
    return path


def names(table: Path) -> set[str]:
    return {file.name if "part-" not in file.name else "part" for file in table.rglob("*") if file.is_file()}


def data_files(table: Path) -> int:
    return len(list(table.rglob("part-*.parquet")))


def test_nothing_is_deleted_by_default(table: Path) -> None:
    before = sorted(table.rglob("*"))
    found = vacuum(LocalStorageService(table), now_ms=now_ms() + 8 * 24 * HOUR_MS)
    assert found.is_dry_run
    assert len(found.keys) == 3
    assert sorted(table.rglob("*")) == before


def test_after_the_retention_only_files_that_no_version_needs_are_deleted(table: Path) -> None:
    storage = LocalStorageService(table)
    assert vacuum(storage, dry_run=False, now_ms=now_ms() + 6 * 24 * HOUR_MS).keys == []
    deleted = vacuum(storage, dry_run=False, now_ms=now_ms() + 8 * 24 * HOUR_MS)
    assert len(deleted.keys) == 3
    assert {"orphan.parquet", "_change_data/cdc.parquet"} < set(deleted.keys)
    assert data_files(table) == 1
    assert {"x.parquet", ".hidden"} < names(table)
    assert deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist() == [2]


def test_a_file_that_was_removed_lately_stays_however_old_it_is(table: Path) -> None:
    for file in table.rglob("part-*.parquet"):
        os.utime(file, (time.time() - 30 * DAY_S, time.time() - 30 * DAY_S))
    assert vacuum(LocalStorageService(table), dry_run=False).keys == []
    assert Snapshot.load(table, version=0).to_arrow()["id"].to_pylist() == [1]


def test_versions_that_are_kept_lose_no_file_though_a_checkpoint_forgot_their_tombstones(table: Path) -> None:
    """Version 0 has the row 1, version 1 has 2, version 2 has 3: the rows of the first two are long removed."""
    with TransactionManager().transaction(table) as transaction:
        transaction.overwrite(rows(3))
    storage, later = LocalStorageService(table), now_ms() + 8 * 24 * HOUR_MS
    write_checkpoint(storage, Snapshot.load(table), now_ms=later)
    assert Snapshot.load(table).tombstones().num_rows == 0

    def kept(first: int) -> list[list[int]]:
        vacuum(storage, keep_from_version=first, dry_run=False, now_ms=later)
        return [Snapshot.load(table, each).to_arrow()["id"].to_pylist() for each in range(first, 3)]

    assert kept(0) == [[1], [2], [3]]
    assert data_files(table) == 3
    assert kept(1) == [[2], [3]]
    assert data_files(table) == 2
    with pytest.raises(VersionNotFoundError):
        vacuum(storage, keep_from_version=9, dry_run=False, now_ms=later)
    assert data_files(table) == 2


def test_the_deletion_vector_of_a_live_file_stays(tmp_path: Path) -> None:
    # The path is the protocol's own example of how a vector's file is named.
    needed = "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
    features = ["deletionVectors"]
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }
    live = add("a.parquet", deletionVector=vector("ab^-aqEH.-t@S}K{vb[*k^"))
    table = write_log(tmp_path / "t", [{"protocol": protocol}, metadata(), live])
    orphan = "ab/deletion_vector_00000000-0000-0000-0000-000000000000.bin"
    for key in ("a.parquet", needed, orphan):
        (table / key).parent.mkdir(exist_ok=True)
        (table / key).write_bytes(b"x")
    found = vacuum(LocalStorageService(table), now_ms=now_ms() + 8 * 24 * HOUR_MS)
    assert list(found.keys) == [orphan]


def test_the_same_files_are_found_as_by_delta_rs(table: Path) -> None:
    for file in [*table.rglob("*.parquet"), table / ".hidden"]:
        os.utime(file, (time.time() - 9 * DAY_S, time.time() - 9 * DAY_S))
    ours = set(vacuum(LocalStorageService(table), retention_hours=0, allow_short_retention=True,
                      now_ms=now_ms() + 1).keys)  # fmt: skip
    theirs = set(deltalake.DeltaTable(table).vacuum(retention_hours=0, enforce_retention_duration=False,
                                                    full=True))  # fmt: skip
    assert ours - {"_change_data/cdc.parquet"} == theirs - {"_change_data/cdc.parquet"}


def test_a_shorter_retention_than_the_tables_needs_a_word(table: Path) -> None:
    storage = LocalStorageService(table)
    with pytest.raises(RetentionTooShortError, match=r"168 h.*Fix:"):
        vacuum(storage, retention_hours=1)
    assert vacuum(storage, retention_hours=1, allow_short_retention=True).keys == []


def test_files_of_a_transaction_at_work_are_too_young_to_go(table: Path) -> None:
    manager = TransactionManager()
    transaction = manager.start_transaction(table)
    transaction.append(rows(3))
    vacuum(LocalStorageService(table), dry_run=False)
    manager.commit_transaction(transaction)
    assert sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist()) == [2, 3]


def test_old_orphans_of_a_crash_are_found(table: Path) -> None:
    transaction = TransactionManager().start_transaction(table)
    transaction.append(rows(3))
    found = vacuum(LocalStorageService(table), now_ms=now_ms() + 8 * 24 * HOUR_MS)
    assert transaction.written[0].key in found.keys


def many_versions(tmp_path: Path, *, days_old: dict[int, int]) -> Path:
    manager = TransactionManager()
    for n in range(8):
        with manager.transaction(tmp_path) as transaction:
            if n == 0:
                transaction.create(rows(0).schema, properties={"delta.checkpointInterval": "2"})
            transaction.append(rows(n))
    for version, days in days_old.items():
        when = time.time() - days * DAY_S
        for file in (tmp_path / "_delta_log").glob(f"{version:020d}.*"):
            os.utime(file, (when, when))
    return tmp_path


def test_the_log_keeps_the_newest_checkpoint_before_the_cutoff_and_all_after(tmp_path: Path) -> None:
    table = many_versions(tmp_path, days_old={0: 40, 1: 39, 2: 38, 3: 37, 4: 36, 5: 35})
    deleted = clean_log(LocalStorageService(table), Snapshot.load(table))
    versions = {int(key.removeprefix("_delta_log/").split(".")[0]) for key in deleted}
    assert versions == {0, 1, 2, 3}
    assert (table / "_delta_log" / f"{4:020d}.checkpoint.parquet").exists()
    assert (table / "_delta_log" / f"{4:020d}.json").exists()
    assert sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist()) == list(range(8))
    assert sorted(Snapshot.load(table, version=5).to_arrow()["id"].to_pylist()) == list(range(6))


def test_a_log_without_an_old_checkpoint_keeps_everything(tmp_path: Path) -> None:
    table = many_versions(tmp_path, days_old={0: 40, 1: 39})
    assert clean_log(LocalStorageService(table), Snapshot.load(table)) == []


def test_old_commits_go_when_a_checkpoint_is_made_unless_the_table_forbids_it(tmp_path: Path) -> None:
    table = many_versions(tmp_path, days_old={0: 40, 1: 39, 2: 38, 3: 37})
    manager = TransactionManager()
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.enableExpiredLogCleanup": "false"})
    assert (table / "_delta_log" / f"{0:020d}.json").exists()
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.enableExpiredLogCleanup": "true"})
    with manager.transaction(table) as transaction:
        transaction.append(rows(8))
    assert not (table / "_delta_log" / f"{0:020d}.json").exists()
    assert (table / "_delta_log" / f"{2:020d}.json").exists()


def test_a_writer_that_slept_through_a_cleanup_does_not_take_an_old_version_for_free(tmp_path: Path) -> None:
    table = many_versions(tmp_path, days_old={})
    sleeper = TransactionManager()
    sleeping = sleeper.start_transaction(table)
    for version in range(8):
        (table / "_delta_log" / f"{version:020d}.json").rename(tmp_path / f"kept-{version}")
    for version in range(6, 8):
        (tmp_path / f"kept-{version}").rename(table / "_delta_log" / f"{version:020d}.json")
    with TransactionManager().transaction(table) as transaction:
        transaction.append(rows(8))
    (table / "_delta_log" / f"{7:020d}.json").unlink()
    (table / "_delta_log" / f"{8:020d}.json").unlink()
    sleeping.append(rows(9))
    with pytest.raises(Exception, match="cleaned up"):
        sleeper.commit_transaction(sleeping)
