"""Transactions on tables: what is committed, what is refused, and what is left behind."""

from __future__ import annotations

import errno
import json
import logging
import os
import time
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, RemoveFile, Snapshot, Transaction, TransactionManager
from lakehouse.delta_log.errors import (
    AppendOnlyTableError,
    CommitRefusedError,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    DeltaConcurrentModificationException,
    DuplicateActionError,
    FileNotLiveError,
    IncompatibleRowsError,
    InvalidPropertyError,
    NoTableYetError,
    NullInRequiredColumnError,
    TableExistsError,
    TransactionClosedError,
    UnenforceableRuleError,
    UnsupportedFeatureError,
)
from lakehouse.delta_log.transaction import TransactionStatus
from lakehouse.errors import StorageError

SCHEMA = pa.schema([("id", pa.int64()), ("day", pa.string())])


def rows(*ids: int, day: str = "mon") -> pa.Table:
    return pa.table({"id": list(ids), "day": [day] * len(ids)}, schema=SCHEMA)


@pytest.fixture
def manager() -> TransactionManager:
    return TransactionManager()


@pytest.fixture
def table(tmp_path: Path, manager: TransactionManager) -> Path:
    """A table of two partitions: ids 1 and 2 on monday, 3 on tuesday."""
    path = tmp_path / "table"
    with manager.transaction(path) as transaction:
        transaction.create(SCHEMA, partition_by=["day"])
        transaction.append(pa.concat_tables([rows(1, 2), rows(3, day="tue")]))
    return path


def ids(table: Path) -> list[int]:
    """The table's ids as delta-rs reads them."""
    return sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist())


def data_files(table: Path) -> set[str]:
    return {
        str(file.relative_to(table)) for file in table.rglob("*.parquet") if "_delta_log" not in str(file)
    }


def log_text(table: Path, version: int) -> str:
    return (table / "_delta_log" / f"{version:020d}.json").read_text()


# ---- rows ----


def test_appended_rows_are_read_by_another_engine(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.append(rows(4))
    assert ids(table) == [1, 2, 3, 4]


def test_an_append_creates_the_table(tmp_path: Path, manager: TransactionManager) -> None:
    with manager.transaction(tmp_path / "new") as transaction:
        transaction.append(rows(7))
    assert ids(tmp_path / "new") == [7]


def test_an_overwrite_leaves_only_its_own_rows(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.overwrite(rows(9, day="sun"))
    assert ids(table) == [9]


def test_only_the_partitions_of_the_new_rows_are_replaced(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.replace_partitions(rows(8))
    assert ids(table) == [3, 8]


def test_a_file_that_is_there_already_becomes_part_of_the_table(
    table: Path, manager: TransactionManager
) -> None:
    with manager.transaction(table) as first:
        first.append(rows(5))
    file = first.written[0].add
    with manager.transaction(table) as removal:
        removal.remove(file.path)
    assert ids(table) == [1, 2, 3]
    with manager.transaction(table) as again:
        again.add(file)
    assert ids(table) == [1, 2, 3, 5]


def test_a_rewrite_changes_files_and_no_row(table: Path, manager: TransactionManager) -> None:
    before = Snapshot.load(table)
    monday = [path for path in before.files()["path"].to_pylist() if "mon" in path]
    with manager.transaction(table) as transaction:
        transaction.rewrite(monday, rows(2, 1))
    assert ids(table) == [1, 2, 3]
    assert '"dataChange":true' not in log_text(table, 1)


def test_a_transaction_without_actions_makes_no_version(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.append(rows())
    assert Snapshot.load(table).version == 0


# ---- what the rows must be ----


def test_a_committed_transaction_knows_its_version(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as changed:
        assert changed.version is None
        changed.append(rows(9))
    assert changed.version == deltalake.DeltaTable(table).version()
    with manager.transaction(table) as idle:
        pass
    assert idle.version == changed.version


def test_a_column_that_is_unknown_is_refused_before_anything_is_written(
    table: Path, manager: TransactionManager
) -> None:
    before = data_files(table)
    with (
        pytest.raises(IncompatibleRowsError, match=r"'extra' is unknown.*Fix:"),
        manager.transaction(table) as t,
    ):
        t.append(rows(4).append_column("extra", pa.array([1])))
    assert data_files(table) == before
    assert Snapshot.load(table).version == 0


@pytest.mark.parametrize(
    ("value", "kind"), [(2**40, pa.int32()), (1.5, pa.int64()), ("x", pa.int64()), (300, pa.int8())]
)
def test_a_value_that_would_be_changed_by_the_cast_is_refused(
    tmp_path: Path, manager: TransactionManager, value: object, kind: pa.DataType
) -> None:
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.create(pa.schema([("n", kind)]))
    with (
        pytest.raises(IncompatibleRowsError, match="'n'"),
        manager.transaction(tmp_path / "t") as transaction,
    ):
        transaction.append(pa.table({"n": [value]}))


def test_a_clock_time_is_not_taken_for_a_moment(tmp_path: Path, manager: TransactionManager) -> None:
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.create(pa.schema([("at", pa.timestamp("us", tz="UTC"))]))
    with pytest.raises(IncompatibleRowsError, match="time zone"), manager.transaction(tmp_path / "t") as t:
        t.append(pa.table({"at": pa.array([0], pa.timestamp("us"))}))


def test_a_missing_column_is_null_and_an_added_one_too(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.append(rows(4).append_column("extra", pa.array(["new"])), merge_schema=True)
    read = deltalake.DeltaTable(table).to_pyarrow_table().sort_by("id")
    assert read["extra"].to_pylist() == [None, None, None, "new"]


def test_a_null_where_the_schema_forbids_it_is_refused(tmp_path: Path, manager: TransactionManager) -> None:
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.create(
            pa.schema([pa.field("s", pa.struct([pa.field("n", pa.int64(), nullable=False)]), nullable=True)])
        )
    good = pa.array([None, {"n": 1}], pa.struct([("n", pa.int64())]))
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.append(pa.table({"s": good}))
    bad = pa.array([{"n": None}], pa.struct([("n", pa.int64())]))
    with pytest.raises(NullInRequiredColumnError, match=r"'s\.n'"), manager.transaction(tmp_path / "t") as t:
        t.append(pa.table({"s": bad}))


# ---- what is refused ----


def test_a_file_that_is_not_live_is_not_removed(table: Path, manager: TransactionManager) -> None:
    file = Snapshot.load(table).files()["path"][0].as_py()
    with manager.transaction(table) as transaction:
        transaction.remove(file)
    with pytest.raises(FileNotLiveError, match="Fix:"), manager.transaction(table) as transaction:
        transaction.remove(file)
    with pytest.raises(FileNotLiveError), manager.transaction(table) as transaction:
        transaction.append_action(RemoveFile(path="never.parquet", data_change=True))


def test_the_same_file_is_not_added_twice_in_one_commit(table: Path, manager: TransactionManager) -> None:
    file = AddFile(path="x", partition_values={}, size_bytes=1, modified_ms=0, data_change=True)
    transaction = manager.start_transaction(table)
    transaction.add(file)
    transaction.add(file)
    with pytest.raises(DuplicateActionError, match="Fix:"):
        manager.commit_transaction(transaction)


def test_an_append_only_table_keeps_its_rows(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.appendOnly": "true"})
    with pytest.raises(AppendOnlyTableError, match="Fix:"), manager.transaction(table) as transaction:
        transaction.overwrite(rows(1))
    monday = [path for path in Snapshot.load(table).files()["path"].to_pylist() if "mon" in path]
    with manager.transaction(table) as transaction:
        transaction.rewrite(monday, rows(1, 2))
    assert ids(table) == [1, 2, 3]


def test_features_that_are_not_supported_are_refused_at_the_start(
    table: Path, manager: TransactionManager
) -> None:
    with (
        pytest.raises(UnsupportedFeatureError, match=r"icebergCompatV2.*Fix:"),
        manager.transaction(table) as t,
    ):
        t.enable_features("icebergCompatV2")
    log = table / "_delta_log" / f"{1:020d}.json"
    log.write_text(
        '{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["icebergCompatV2"]}}\n'
    )
    before = data_files(table)
    with pytest.raises(UnsupportedFeatureError, match="icebergCompatV2"):
        manager.start_transaction(table)
    assert data_files(table) == before


@pytest.mark.parametrize(
    ("field_metadata", "rule"),
    [
        ({"delta.generationExpression": "id + 1"}, "generated"),
        ({"delta.invariants": '{"expression":{"expression":"id > 0"}}'}, "invariant"),
        ({"delta.identity.start": "1"}, "identity"),
    ],
)
def test_rows_that_need_sql_to_be_checked_are_refused(
    tmp_path: Path, manager: TransactionManager, field_metadata: dict[str, str], rule: str
) -> None:
    with manager.transaction(tmp_path / "t") as transaction:
        transaction.create(pa.schema([pa.field("id", pa.int64(), metadata=field_metadata)]))
    with pytest.raises(UnenforceableRuleError, match=rule), manager.transaction(tmp_path / "t") as t:
        t.append(pa.table({"id": [1]}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delta.appendOnly", "perhaps"),
        ("delta.apendOnly", "true"),
        ("delta.checkpointInterval", "0"),
        ("delta.isolationLevel", "SnapshotIsolation"),
        ("delta.constraints.c", "id > 0"),
        ("delta.logRetentionDuration", "interval 7days"),
        ("delta.logRetentionDuration", "+7 days"),
        ("delta.logRetentionDuration", "interval 1 millisecond"),
    ],
)
def test_an_invalid_property_is_refused(
    table: Path, manager: TransactionManager, name: str, value: str
) -> None:
    with pytest.raises(InvalidPropertyError, match="Fix:"), manager.transaction(table) as transaction:
        transaction.set_properties({name: value})


def test_a_table_is_created_once_and_must_be_there(
    table: Path, tmp_path: Path, manager: TransactionManager
) -> None:
    with pytest.raises(TableExistsError), manager.transaction(table) as transaction:
        transaction.create(SCHEMA)
    with pytest.raises(NoTableYetError), manager.transaction(tmp_path / "none") as transaction:
        transaction.set_properties({"a": "b"})
    assert not (tmp_path / "none").exists()


# ---- properties and protocol ----


def test_the_protocol_follows_the_properties(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.enableDeletionVectors": "true", "owner": "me"})
    protocol = deltalake.DeltaTable(table).protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (3, 7)
    assert protocol.reader_features == ["deletionVectors"]
    assert set(protocol.writer_features or ()) == {"deletionVectors", "appendOnly", "invariants"}
    assert deltalake.DeltaTable(table).metadata().configuration["owner"] == "me"
    with manager.transaction(table) as transaction:
        transaction.set_properties({"owner": None})
    assert "owner" not in deltalake.DeltaTable(table).metadata().configuration


# ---- beside others ----


def test_a_blind_append_follows_a_delete(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    late.append(rows(4))
    with manager.transaction(table) as transaction:
        transaction.overwrite(rows(9))
    manager.commit_transaction(late)
    assert ids(table) == [4, 9]


def test_an_overwrite_follows_a_blind_append(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    late.overwrite(rows(9))
    with manager.transaction(table) as transaction:
        transaction.append(rows(4))
    manager.commit_transaction(late)
    assert ids(table) == [4, 9]


def test_an_overwrite_of_a_serializable_table_does_not(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.isolationLevel": "Serializable"})
    late = manager.start_transaction(table)
    late.overwrite(rows(9))
    with manager.transaction(table) as transaction:
        transaction.append(rows(4))
    with pytest.raises(DeltaConcurrentModificationException):
        manager.commit_transaction(late)
    assert ids(table) == [1, 2, 3, 4]


def test_the_second_compaction_of_the_same_files_is_refused(table: Path, manager: TransactionManager) -> None:
    monday = [path for path in Snapshot.load(table).files()["path"].to_pylist() if "mon" in path]
    late = manager.start_transaction(table)
    late.rewrite(monday, rows(1, 2))
    with manager.transaction(table) as transaction:
        transaction.rewrite(monday, rows(1, 2))
    with pytest.raises(ConcurrentDeleteReadException, match=r"OPTIMIZE.*day=mon"):
        manager.commit_transaction(late)
    assert ids(table) == [1, 2, 3]


def test_replacing_another_partition_does_not_conflict(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    late.replace_partitions(rows(8))
    with manager.transaction(table) as transaction:
        transaction.replace_partitions(rows(7, day="tue"))
    manager.commit_transaction(late)
    assert ids(table) == [7, 8]


def test_a_loser_of_a_conflict_leaves_no_trace(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    late.overwrite(rows(9))
    with manager.transaction(table) as transaction:
        transaction.overwrite(rows(8))
    before = data_files(table)
    with pytest.raises(DeltaConcurrentModificationException):
        manager.commit_transaction(late)
    manager.rollback_transaction(late)
    assert data_files(table) == before - {late.written[0].key}
    assert ids(table) == [8]


# ---- progress of applications ----


def test_a_step_of_an_application_is_done_once(table: Path, manager: TransactionManager) -> None:
    for _ in range(3):
        with manager.transaction(table) as transaction:
            if transaction.advance("ingestion", 5):
                transaction.append(rows(5))
    assert ids(table) == [1, 2, 3, 5]
    assert deltalake.DeltaTable(table).transaction_version("ingestion") == 5


def test_two_writers_of_the_same_step_exclude_each_other(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    assert late.advance("ingestion", 5)
    late.append(rows(5))
    with manager.transaction(table) as transaction:
        assert transaction.advance("ingestion", 5)
        transaction.append(rows(5))
    with pytest.raises(ConcurrentTransactionException, match="'ingestion' to 5"):
        manager.commit_transaction(late)
    assert ids(table) == [1, 2, 3, 5]


# ---- the end of a transaction ----


def test_an_exception_in_the_block_rolls_back(table: Path, manager: TransactionManager) -> None:
    before = data_files(table)
    with pytest.raises(IncompatibleRowsError), manager.transaction(table) as transaction:  # noqa: PT012
        transaction.append(rows(4))
        assert len(data_files(table)) == len(before) + 1
        transaction.append(pa.table({"unknown": [1]}))
    assert data_files(table) == before
    assert Snapshot.load(table).version == 0


def test_a_rollback_deletes_only_files_of_its_own(table: Path, manager: TransactionManager) -> None:
    (table / "foreign.parquet").write_bytes(b"x")
    transaction = manager.start_transaction(table)
    transaction.add(
        AddFile(path="foreign.parquet", partition_values={}, size_bytes=1, modified_ms=0, data_change=True)
    )
    transaction.append(rows(4))
    before = data_files(table)
    manager.rollback_transaction(transaction)
    assert before - data_files(table) == {transaction.written[0].key}


def test_a_transaction_ends_once(table: Path, manager: TransactionManager) -> None:
    transaction: Transaction = manager.start_transaction(table)
    transaction.append(rows(4))
    manager.commit_transaction(transaction)
    with pytest.raises(TransactionClosedError):
        manager.commit_transaction(transaction)
    with pytest.raises(TransactionClosedError):
        manager.rollback_transaction(transaction)
    with pytest.raises(TransactionClosedError):
        transaction.append(rows(5))
    assert transaction.status is TransactionStatus.COMMITTED


def test_a_commit_records_its_engine_and_its_read_version(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.append(rows(4))
    entry = deltalake.DeltaTable(table).history(1)[0]
    assert entry["operation"] == "WRITE"
    assert entry["isBlindAppend"] is True
    assert entry["isolationLevel"] == "WriteSerializable"
    assert entry["readVersion"] == 0
    assert entry["engineInfo"].startswith("lakehouse/")
    assert entry["txnId"] == transaction.transaction_id
    with manager.transaction(table) as transaction:
        transaction.overwrite(rows(1))
    assert deltalake.DeltaTable(table).history(1)[0]["isBlindAppend"] is False


# ---- after a commit ----


def test_a_checkpoint_is_made_every_so_many_commits_and_read_by_another_engine(
    table: Path, manager: TransactionManager
) -> None:
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.checkpointInterval": "3"})
    for number in range(4, 10):
        with manager.transaction(table) as transaction:
            transaction.append(rows(number))
    checkpoints = sorted(file.name for file in (table / "_delta_log").glob("*.checkpoint.parquet"))
    assert checkpoints == [f"{version:020d}.checkpoint.parquet" for version in (3, 6)]
    for version in range(6):
        (table / "_delta_log" / f"{version:020d}.json").unlink()
    assert ids(table) == [1, 2, 3, *range(4, 10)]


@pytest.mark.parametrize(
    "properties", [{}, {"delta.checkpointInterval": "1000"}, {"delta.checkpointInterval": "7"}]
)
def test_checkpoints_come_as_often_as_the_table_says_or_every_hundred_commits(
    tmp_path: Path, properties: dict[str, str]
) -> None:
    manager = TransactionManager(spark_writers=False)
    with manager.transaction(tmp_path) as transaction:
        transaction.create(SCHEMA, properties=properties)
    for number in range(100):
        with manager.transaction(tmp_path) as transaction:
            transaction.set_transaction("test", number)
    interval = int(properties.get("delta.checkpointInterval", "100"))
    found = sorted(file.name for file in (tmp_path / "_delta_log").glob("*.checkpoint.parquet"))
    assert found == [f"{version:020d}.checkpoint.parquet" for version in range(interval, 101, interval)]


def test_a_failing_checkpoint_does_not_fail_the_commit(
    table: Path, manager: TransactionManager, caplog: pytest.LogCaptureFixture
) -> None:
    with manager.transaction(table) as transaction:
        transaction.set_properties({"delta.checkpointInterval": "2"})
    (table / "_delta_log" / f"{2:020d}.checkpoint.parquet").mkdir()
    with caplog.at_level(logging.WARNING), manager.transaction(table) as transaction:
        transaction.append(rows(4))
    assert "no checkpoint for version 2" in caplog.text
    assert ids(table) == [1, 2, 3, 4]


def test_a_log_that_can_not_be_written_fails_at_once_and_is_rolled_back(
    tmp_path: Path, manager: TransactionManager
) -> None:
    (tmp_path / "_delta_log").write_text("a file where a folder is needed")
    with pytest.raises((CommitRefusedError, StorageError), match="Fix:"), manager.transaction(tmp_path) as t:
        t.append(rows(1))
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_disk_that_is_full_fails_at_once_and_is_rolled_back(
    table: Path, manager: TransactionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, body: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = data_files(table)
    transaction = manager.start_transaction(table)
    transaction.append(rows(4))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(CommitRefusedError, match=r"No space.*Fix:"):
            manager.commit_transaction(transaction)
    manager.rollback_transaction(transaction)
    assert data_files(table) == before
    assert ids(table) == [1, 2, 3]


def test_a_disk_that_takes_little_at_a_time_gets_the_whole_commit(
    table: Path, manager: TransactionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    transaction = manager.start_transaction(table)
    transaction.append(rows(*range(4, 9)))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, body: write(descriptor, body[:100]))
        manager.commit_transaction(transaction)
    assert len(log_text(table, 1)) > 200
    assert ids(table) == list(range(1, 9))


def test_commit_times_increase_even_when_the_clock_goes_back(
    tmp_path: Path, manager: TransactionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table"
    for seconds in (2_000, 1_000, 1_000, 5_000):
        monkeypatch.setattr(time, "time_ns", lambda now=seconds: now * 10**9)
        with manager.transaction(table) as transaction:
            if not transaction.exists:
                transaction.create(SCHEMA, properties={"delta.enableInCommitTimestamps": "true"})
            transaction.append(rows(1))
    first_lines = [log_text(table, version).splitlines()[0] for version in range(4)]
    times = [json.loads(line)["commitInfo"]["inCommitTimestamp"] for line in first_lines]
    assert times == [2_000_000, 2_000_001, 2_000_002, 5_000_000]
