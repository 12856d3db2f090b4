"""Checksum files: compared where they can be read, done without where not. The log counts."""

from __future__ import annotations

import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import SetTransaction, Snapshot, TransactionManager, verify
from lakehouse.delta_log.replay import checksum_of, read_checksum
from lakehouse.storage import LocalStorageService
from tests.unit.delta_log.hand_written_logs import PROTOCOL, add, metadata, write_log

RIGHT = {
    "tableSizeBytes": 30,
    "numFiles": 2,
    "numMetadata": 1,
    "numProtocol": 1,
    "setTransactions": [{"appId": "loader", "version": 4}],
    "domainMetadata": [],
    **PROTOCOL,
    "metadata": metadata()["metaData"],
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_log(tmp_path, [add("a", size=20), {"txn": {"appId": "loader", "version": 4}}], [add("b")])


def write_checksum(table: Path, text: str) -> None:
    (table / "_delta_log" / f"{1:020d}.crc").write_text(text)


def test_a_checksum_that_agrees_is_accepted(table: Path) -> None:
    write_checksum(table, json.dumps({**RIGHT, "fileSizeHistogram": {"fileCounts": []}, "novelty": 1}))
    assert Snapshot.load(table).files().num_rows == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"numFiles":2}', json.dumps({**RIGHT, "numFiles": "two"})])
def test_a_checksum_that_can_not_be_read_is_as_if_absent(table: Path, text: str) -> None:
    write_checksum(table, text)
    assert Snapshot.load(table).files().num_rows == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"numFiles": 3},
        {"tableSizeBytes": 31},
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 3}},
        {"metadata": metadata(id="another")["metaData"]},
        {"setTransactions": [{"appId": "loader", "version": 5}]},
        {"domainMetadata": [{"domain": "d", "configuration": "", "removed": False}]},
    ],
)
def test_a_checksum_that_disagrees_is_warned_of_and_the_log_is_read(
    table: Path, changed: dict, caplog: pytest.LogCaptureFixture
) -> None:
    write_checksum(table, json.dumps({**RIGHT, **changed}))
    assert Snapshot.load(table).files()["path"].to_pylist() == ["a", "b"]
    [warning] = [record.getMessage() for record in caplog.records]
    assert "by its .crc file" in warning
    assert "delete" not in warning
    [finding] = [each for each in verify(LocalStorageService(table)) if each.where.endswith(".crc")]
    assert (finding.severity, finding.kind) == ("error", "checksum mismatch")


def test_a_table_that_forgets_its_transactions_stays_readable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = TransactionManager()
    with manager.transaction(tmp_path) as transaction:
        forgets = {"delta.setTransactionRetentionDuration": "interval 1 second"}
        schema = pa.schema([("x", pa.int64())])
        transaction.create(schema, properties={**forgets, "delta.checkpointInterval": "2"})
        transaction.append_action(SetTransaction(application_id="loader", version=5, updated_ms=1))
    for number in range(2):
        with manager.transaction(tmp_path) as transaction:
            transaction.append(pa.table({"x": [number]}))
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.transactions == {}
    assert snapshot.to_arrow()["x"].to_pylist() == [0, 1]
    assert deltalake.DeltaTable(tmp_path).to_pyarrow_table().num_rows == 2
    assert not caplog.records
    assert list(verify(LocalStorageService(tmp_path))) == []


def test_the_checksum_that_we_write_has_the_fields_of_the_protocol(table: Path) -> None:
    written = checksum_of(Snapshot.load(table).state, transaction_id="t-1", in_commit_timestamp_ms=9)
    expected = {**RIGHT, "txnId": "t-1", "inCommitTimestampOpt": 9}
    assert json.loads(written.encoded()) == expected
    write_checksum(table, written.encoded().decode())
    assert read_checksum(LocalStorageService(table), 1) == written


def test_totals_are_kept_up_to_date_by_the_commits_alone(table: Path) -> None:
    snapshot = Snapshot.load(table, 0)
    assert (snapshot.totals.file_count, snapshot.totals.size_bytes) == (1, 20)
    later = snapshot.update()
    assert later.totals == Snapshot.load(table).totals
