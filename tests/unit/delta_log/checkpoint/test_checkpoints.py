"""Checkpoints: what is written is what is read, whatever the kind, and nothing depends on the hint."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.checkpoint import CheckpointKind, write_checkpoint
from lakehouse.delta_log.errors import IncompleteStateError, LogGapError, MalformedLogError
from lakehouse.delta_log.log_segment import json_checksum, read_last_checkpoint
from lakehouse.storage import LocalStorageService
from tests.unit.delta_log.hand_written_logs import add, metadata, remove, vector, write_commit, write_log

KINDS: list[CheckpointKind] = ["classic", "v2-parquet", "v2-json"]
FEATURES = ["v2Checkpoint", "deletionVectors"]
V2_PROTOCOL = {
    "protocol": {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": FEATURES,
        "writerFeatures": FEATURES,
    }
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table with something of everything in its log."""
    stats = json.dumps({"numRecords": 3, "nullCount": {"x": 1}})
    return write_log(
        tmp_path / "t",
        [V2_PROTOCOL, metadata(configuration={"delta.checkpointPolicy": "v2"}, partitionColumns=["p"])],
        [add("p=1/a", partitionValues={"p": "1"}, stats=stats), add("p=2/b", partitionValues={"p": None})],
        [
            remove("p=1/a", deletionTimestamp=10**15),
            add("p=1/a", deletionVector=vector("v"), tags={"k": "v", "n": None}, baseRowId=7),
            {"txn": {"appId": "loader", "version": 4, "lastUpdated": 9}},
            {"domainMetadata": {"domain": "d", "configuration": "{}", "removed": False}},
        ],
        [remove("old", deletionTimestamp=10), remove("ageless", deletionTimestamp=None)],
    )


def without_commits(table: Path, *versions: int) -> None:
    for version in versions:
        (table / "_delta_log" / f"{version:020d}.json").unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_read_from_its_checkpoint_is_the_same_table(table: Path, kind: CheckpointKind) -> None:
    before = Snapshot.load(table)
    write_checkpoint(LocalStorageService(table), before, kind=kind)
    without_commits(table, 0, 1, 2, 3)
    after = Snapshot.load(table)
    no_change = before.files().drop(["dataChange"]).sort_by("path")
    assert after.files().drop(["dataChange"]).sort_by("path").equals(no_change)
    for name in ("version", "protocol", "metadata", "transactions", "domains", "totals"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize("kind", KINDS)
def test_commits_after_a_checkpoint_have_the_last_word(table: Path, kind: CheckpointKind) -> None:
    write_checkpoint(LocalStorageService(table), Snapshot.load(table, 1), kind=kind)
    without_commits(table, 0, 1)
    latest = Snapshot.load(table)
    assert latest.is_live("p=1/a", "uv@1")
    assert not latest.is_live("p=1/a")
    assert latest.totals.file_count == latest.files().num_rows == 2
    assert latest.transaction_version("loader") == 4


@pytest.mark.parametrize("kind", KINDS)
def test_only_tombstones_that_have_not_expired_are_kept(table: Path, kind: CheckpointKind) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind=kind, now_ms=10**15)
    without_commits(table, 0, 1, 2, 3)
    assert Snapshot.load(table).tombstones().column("path").to_pylist() == ["p=1/a"]
    assert written.file_count == 2


def test_the_kind_follows_from_the_table_policy(table: Path) -> None:
    storage = LocalStorageService(table)
    assert ".checkpoint.parquet" not in write_checkpoint(storage, Snapshot.load(table)).key
    write_commit(table, 4, [metadata()])
    assert ".checkpoint.parquet" in write_checkpoint(storage, Snapshot.load(table)).key


def test_the_hint_carries_the_checksum_of_the_protocol(table: Path) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table))
    hint = read_last_checkpoint(LocalStorageService(table))
    assert hint is not None
    assert (hint.version, hint.size, hint.add_file_count) == (3, written.action_count, 2)
    fields = json.loads((table / "_delta_log" / "_last_checkpoint").read_bytes())
    assert fields["checksum"] == json_checksum(fields)


def test_the_checksum_of_the_hint_is_the_one_in_the_specification() -> None:
    text = """{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2],
        {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}"""
    assert json_checksum(json.loads(text)) == "6a92d155a59bf2eecbd4b4ec7fd1f875"


def test_an_older_checkpoint_does_not_take_the_hint_back(table: Path) -> None:
    storage = LocalStorageService(table)
    write_checkpoint(storage, Snapshot.load(table))
    write_checkpoint(storage, Snapshot.load(table, 1))
    hint = read_last_checkpoint(storage)
    assert hint is not None
    assert hint.version == 3


@pytest.mark.parametrize(
    "hint",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":2}',
        b'{"version":"2","size":1}',
        b'{"version":1,"size":1}',
        b'{"version":99,"size":1}',
        b'{"version":-1,"size":1}',
        b'{"version":3,"size":1,"parts":7}',
        b'{"version":3,"size":8,"checksum":"0"}',
        b"\xff\xfe",
        None,
    ],
)
def test_nothing_depends_on_the_hint(table: Path, hint: bytes | None) -> None:
    write_checkpoint(LocalStorageService(table), Snapshot.load(table))
    without_commits(table, 0, 1, 2)
    path = table / "_delta_log" / "_last_checkpoint"
    path.unlink() if hint is None else path.write_bytes(hint)
    assert Snapshot.load(table).version == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_checkpoint_is_passed_over_where_the_commits_are_there(
    table: Path, kind: CheckpointKind
) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind=kind)
    (table / written.key).write_bytes(b"PAR1 nothing of use PAR1")
    assert Snapshot.load(table).files().num_rows == 2
    without_commits(table, 0)
    with pytest.raises(MalformedLogError):
        Snapshot.load(table)


def test_a_checkpoint_without_metadata_is_refused(table: Path) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind="classic")
    path = table / written.key
    content = pq.read_table(path)
    index = content.schema.get_field_index("metaData")
    nothing = pa.nulls(content.num_rows, content.schema.field("metaData").type)
    pq.write_table(content.set_column(index, content.schema.field("metaData"), nothing), path)
    with pytest.raises(IncompleteStateError, match="metaData"):
        Snapshot.load(table)


@pytest.mark.parametrize("write_statistics", [True, False])
def test_actions_are_found_in_whichever_row_groups_they_are(table: Path, write_statistics: bool) -> None:
    before = Snapshot.load(table)
    path = table / write_checkpoint(LocalStorageService(table), before, kind="classic").key
    content = pq.read_table(path)
    backwards = content.take(list(reversed(range(content.num_rows))))
    pq.write_table(backwards, path, row_group_size=2, write_statistics=write_statistics)
    without_commits(table, 0, 1, 2, 3)
    after = Snapshot.load(table)
    assert (after.protocol, after.metadata, after.transactions) == (
        before.protocol,
        before.metadata,
        before.transactions,
    )
    assert after.domains == before.domains
    assert after.totals == before.totals


def test_fields_that_no_file_has_share_their_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.delta_log.replay.checkpoint_parquet._BATCH_ROWS", 10)
    table = write_log(tmp_path / "t", [metadata(), *(add(f"f{number}") for number in range(30))])
    write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind="classic")
    without_commits(table, 0)
    row_ids = Snapshot.load(table).files().column("baseRowId")
    assert row_ids.to_pylist() == [None] * 30
    assert row_ids.num_chunks > 2
    assert len({chunk.buffers()[1].address for chunk in row_ids.chunks if len(chunk)}) == 1


def test_a_multi_part_checkpoint_counts_only_when_it_is_whole(table: Path) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind="classic")
    content = pq.read_table(table / written.key)
    (table / written.key).unlink()
    name = f"{3:020d}.checkpoint.{{:010d}}.{2:010d}.parquet"
    first, second = (table / "_delta_log" / name.format(part) for part in (1, 2))
    pq.write_table(content.slice(0, 3), first)
    pq.write_table(content.slice(3), second)
    expected = Snapshot.load(table).files().num_rows
    without_commits(table, 0, 1, 2)
    assert Snapshot.load(table).files().num_rows == expected == 2
    second.unlink()
    with pytest.raises(LogGapError):
        Snapshot.load(table)


def test_a_compacted_log_stands_for_its_commits(tmp_path: Path) -> None:
    write_log(tmp_path, [add("a")], [add("b")], [remove("a")], [add("c")])
    compacted = tmp_path / "_delta_log" / f"{1:020d}.{2:020d}.compacted.json"
    compacted.write_text(json.dumps(add("b")) + "\n" + json.dumps(remove("a")) + "\n")
    (tmp_path / "_delta_log" / f"{1:020d}.json").write_text("not read")
    snapshot = Snapshot.load(tmp_path)
    assert (snapshot.version, sorted(snapshot.files().column("path").to_pylist())) == (3, ["b", "c"])
    assert Snapshot.load(tmp_path, 2).files().column("path").to_pylist() == ["b"]


def test_statistics_that_are_only_a_struct_are_read_as_text(table: Path) -> None:
    written = write_checkpoint(LocalStorageService(table), Snapshot.load(table, 1), kind="classic")
    path = table / written.key
    content = pq.read_table(path)
    adds = content.column("add").to_pylist()
    for row in adds:
        if row is not None:
            row["stats"] = None
            row["stats_parsed"] = {"numRecords": 3, "minValues": {"x": 1, "t": None}}
    smallest = pa.struct([("x", pa.int64()), ("t", pa.int8())])
    parsed = pa.struct([("numRecords", pa.int64()), ("minValues", smallest)])
    index = content.schema.get_field_index("add")
    add_type = pa.struct([*content.schema.field("add").type, ("stats_parsed", parsed)])
    pq.write_table(content.set_column(index, "add", pa.array(adds, add_type)), path)
    without_commits(table, 0)
    stats = Snapshot.load(table, 1).files().column("stats").to_pylist()
    assert [json.loads(text) for text in stats] == [{"numRecords": 3, "minValues": {"x": 1}}] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_removal_of_the_bare_file_leaves_the_one_with_a_vector(table: Path, kind: CheckpointKind) -> None:
    write_checkpoint(LocalStorageService(table), Snapshot.load(table), kind=kind)
    write_commit(table, 4, [remove("p=1/a")])
    assert Snapshot.load(table).is_live("p=1/a", "uv@1")
    assert "p=1/a" in Snapshot.load(table).files().column("path").to_pylist()
    write_commit(table, 5, [remove("p=1/a", deletionVector=vector("v"))])
    assert Snapshot.load(table).files().column("path").to_pylist() == ["p=2/b"]
