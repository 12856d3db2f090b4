"""A snapshot of a log: which version, which files, which state."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, RemoveFile, SetTransaction, Snapshot
from lakehouse.delta_log.checkpoint import write_checkpoint
from lakehouse.delta_log.errors import (
    CatalogManagedTableError,
    IncompleteStateError,
    LogGapError,
    TableNotFoundError,
    UnsupportedFeatureError,
    VersionNotFoundError,
)
from lakehouse.errors import ConfigurationError
from lakehouse.storage import LocalStorageService, MemoryStorageService
from tests.unit.delta_log.hand_written_logs import (
    PROTOCOL,
    add,
    metadata,
    remove,
    vector,
    write_commit,
    write_log,
)


def paths(snapshot: Snapshot) -> list[str]:
    return sorted(snapshot.files().column("path").to_pylist())


def test_the_latest_version_is_loaded_and_any_older_one_on_demand(tmp_path: Path) -> None:
    write_log(tmp_path, [add("a")], [add("b")], [remove("a"), add("c")])
    assert (Snapshot.load(tmp_path).version, paths(Snapshot.load(tmp_path))) == (2, ["b", "c"])
    assert paths(Snapshot.load(str(tmp_path), 1)) == ["a", "b"]
    assert paths(Snapshot.load(f"file://{tmp_path}", version=0)) == ["a"]


def test_the_state_is_the_last_word_of_the_log(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        [{"txn": {"appId": "loader", "version": 9}}],
        [{"txn": {"appId": "loader", "version": 3}}, metadata(configuration={"delta.appendOnly": "true"})],
        [
            {"domainMetadata": {"domain": "a", "configuration": "1", "removed": False}},
            {"domainMetadata": {"domain": "b", "configuration": "2", "removed": False}},
        ],
        [
            {"domainMetadata": {"domain": "a", "configuration": "", "removed": True}},
            {"commitInfo": {"operation": "SET", "timestamp": 3}},
        ],
    )
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.schema == pa.schema([("x", pa.int64())])
    assert snapshot.properties == {"delta.appendOnly": "true"}
    assert snapshot.transaction_version("loader") == 3
    assert snapshot.transaction_version("nobody") is None
    assert {name: action.configuration for name, action in snapshot.domains.items()} == {"b": "2"}
    assert snapshot.commit_info is not None
    assert snapshot.commit_info.operation == "SET"


def test_a_file_is_its_path_and_its_deletion_vector(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        [add("a"), add("b")],
        [remove("a"), add("a", deletionVector=vector("v1"))],
        [
            remove("a", deletionVector=vector("v1")),
            add("a", deletionVector=vector("v2")),
            remove("never there"),
        ],
    )
    snapshot = Snapshot.load(tmp_path)
    assert paths(snapshot) == ["a", "b"]
    assert snapshot.is_live("a", "uv2@1")
    assert not snapshot.is_live("a", "uv1@1")
    assert not snapshot.is_live("a")


@pytest.mark.parametrize(
    ("added", "removed"),
    [("/lake/a%20b", "file:///lake/a%20b"), ("file:/lake/x", "/lake/x"), ("p%3D1/a", "p=1/a")],
)
def test_one_file_spelt_in_two_ways_is_one_file(tmp_path: Path, added: str, removed: str) -> None:
    write_log(tmp_path, [add(added), add("other")], [remove(removed)])
    assert paths(Snapshot.load(tmp_path)) == ["other"]


def test_update_reads_its_own_commit_and_the_new_ones(tmp_path: Path) -> None:
    class Counting(LocalStorageService):
        calls: list[str] = []  # noqa: RUF012 - one test, one list

        def read(self, key: str) -> bytes:
            self.calls.append(key)
            return super().read(key)

        def list(self, prefix: str = "", *, start_after: str = ""):
            self.calls.append(f"list {prefix}")
            return super().list(prefix, start_after=start_after)

    write_log(tmp_path, [add("a")], [add("b")])
    first = Snapshot.load(tmp_path, storage=Counting(tmp_path))
    Counting.calls.clear()
    assert first.update() is first
    write_commit(tmp_path, 2, [remove("a"), {"txn": {"appId": "loader", "version": 1}}])
    second = first.update()
    assert Counting.calls == [f"_delta_log/{version:020d}.json" for version in (1, 2, 1, 2, 3)]
    assert (second.version, paths(second), second.transaction_version("loader")) == (2, ["b"], 1)
    assert (first.version, paths(first)) == (1, ["a", "b"])


def test_update_finds_its_way_where_the_log_was_cleaned_meanwhile(tmp_path: Path) -> None:
    write_log(tmp_path, [add("a")])
    old = Snapshot.load(tmp_path)
    (tmp_path / "_delta_log" / f"{0:020d}.json").unlink()
    with pytest.raises(TableNotFoundError):
        old.update()


def test_actions_advance_a_snapshot_as_their_commit_would(tmp_path: Path) -> None:
    write_log(tmp_path, [add("a")])
    actions = [
        AddFile(path="b%20b", partition_values={}, size_bytes=1, modified_ms=2, data_change=True),
        RemoveFile(path="a", data_change=True),
        SetTransaction(application_id="loader", version=4),
    ]
    ahead = Snapshot.load(tmp_path).advanced(actions)
    write_commit(
        tmp_path,
        1,
        [
            add("b%20b", size=1, modificationTime=2),
            remove("a"),
            {"txn": {"appId": "loader", "version": 4}},
        ],
    )
    read = Snapshot.load(tmp_path)
    assert ahead.version == read.version
    assert ahead.files() == read.files()
    assert ahead.transactions == read.transactions


def test_many_small_commits_give_the_same_files_as_one_big_one(tmp_path: Path) -> None:
    write_log(
        tmp_path / "many", [], *[[add(f"f{i}")] + ([remove(f"f{i - 3}")] if i > 2 else []) for i in range(40)]
    )
    snapshot = Snapshot.load(tmp_path / "many", 0)
    assert paths(snapshot.update()) == ["f37", "f38", "f39"]


def test_any_storage_will_do() -> None:
    storage = MemoryStorageService()
    with pytest.raises(TableNotFoundError):
        Snapshot.load("memory:///t", storage=storage)
    with pytest.raises(ConfigurationError, match="gopher"):
        Snapshot.load("gopher://hole/t")


def test_versions_that_are_not_there_are_named_with_those_that_are(tmp_path: Path) -> None:
    write_log(tmp_path, [], [], [])
    with pytest.raises(VersionNotFoundError, match="from 0 to 2"):
        Snapshot.load(tmp_path, 3)
    with pytest.raises(VersionNotFoundError):
        Snapshot.load(tmp_path, -1)


def test_a_hole_in_the_log_is_named(tmp_path: Path) -> None:
    write_log(tmp_path, [], [], [], [])
    (tmp_path / "_delta_log" / f"{1:020d}.json").unlink()
    (tmp_path / "_delta_log" / f"{2:020d}.json").unlink()
    with pytest.raises(LogGapError, match=r"1…2 are missing"):
        Snapshot.load(tmp_path)
    assert Snapshot.load(tmp_path, 0).version == 0


def test_a_hole_of_any_size_is_found_at_once(tmp_path: Path) -> None:
    write_log(tmp_path, [])
    write_commit(tmp_path, 2**63 - 1, [])
    with pytest.raises(LogGapError):
        Snapshot.load(tmp_path)


@pytest.mark.parametrize(("kept", "action"), [([PROTOCOL], "metaData"), ([metadata()], "protocol")])
def test_a_table_without_protocol_or_metadata_is_refused(tmp_path: Path, kept: list, action: str) -> None:
    write_commit(tmp_path, 0, kept)
    with pytest.raises(IncompleteStateError, match=action):
        Snapshot.load(tmp_path)


def protocol(
    reader: int, features: list[str] | None = None, writer_features: list[str] | None = None
) -> dict:
    fields = {"minReaderVersion": reader, "minWriterVersion": 7}
    if features is not None:
        fields["readerFeatures"] = features
    return {"protocol": {**fields, "writerFeatures": writer_features or features or []}}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (protocol(4), UnsupportedFeatureError),
        (protocol(3, ["holograms"]), UnsupportedFeatureError),
        (protocol(3, ["catalogManaged"]), CatalogManagedTableError),
        (protocol(1, None, ["catalogOwned-preview"]), CatalogManagedTableError),
    ],
)
def test_what_a_reader_must_know_and_does_not_is_refused(tmp_path: Path, line: dict, error: type) -> None:
    write_commit(tmp_path, 0, [line, metadata()])
    with pytest.raises(error):
        Snapshot.load(tmp_path)


def test_unknown_features_of_writers_do_not_stop_a_reader(tmp_path: Path) -> None:
    write_commit(
        tmp_path, 0, [protocol(3, ["deletionVectors"], ["deletionVectors", "holograms"]), metadata()]
    )
    assert Snapshot.load(tmp_path).version == 0


@pytest.mark.parametrize("folder", ["with space", "a%20b", "q?x=1#y", "ünï·✓"])
def test_the_folder_of_a_table_may_be_called_anything(tmp_path: Path, folder: str) -> None:
    table = write_log(tmp_path / folder, [add("a")], [add("b"), remove("a")])
    write_checkpoint(LocalStorageService(table), Snapshot.load(table))
    snapshot = Snapshot.load(table)
    assert paths(snapshot) == ["b"]
    assert [entry.version for entry in snapshot.history()] == [1, 0]
