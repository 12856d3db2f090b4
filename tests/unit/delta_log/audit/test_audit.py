"""The auditor: a sound table is sound, and each kind of damage is found and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.audit import verify
from lakehouse.delta_log.checkpoint import write_checkpoint
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.delta_log.replay import checksum_of
from lakehouse.storage import LocalStorageService
from tests.unit.delta_log.hand_written_logs import add, remove, write_commit


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table of deltalake's, with a checkpoint and a checksum of ours."""
    path = tmp_path / "t"
    for start in (0, 10):
        data = pa.table({"x": range(start, start + 10), "p": ["a", "b"] * 5, "d": [1.5, None] * 5})
        deltalake.write_deltalake(path, data, partition_by=["p"], mode="append")
    snapshot = Snapshot.load(path)
    write_checkpoint(LocalStorageService(path), snapshot)
    (path / "_delta_log" / f"{1:020d}.crc").write_bytes(checksum_of(snapshot.state).encoded())
    return path


def kinds(path: Path) -> set[str]:
    return {finding.kind for finding in verify(LocalStorageService(path))}


def log(path: Path, name: str) -> Path:
    return path / "_delta_log" / name


def some_file(path: Path) -> Path:
    return sorted(path.glob("p=a/*.parquet"))[0]


def rewrite_commit(path: Path, version: int, change: Callable[[dict], None]) -> None:
    commit = log(path, f"{version:020d}.json")
    lines = [json.loads(line) for line in commit.read_text().splitlines()]
    for line in lines:
        if "add" in line:
            change(line["add"])
    commit.write_text("\n".join(map(json.dumps, lines)))
    for name in ("*.checkpoint.parquet", "*.crc", "_last_checkpoint"):
        for extra in (path / "_delta_log").glob(name):
            extra.unlink()


def change_statistics(**changed) -> Callable[[dict], None]:
    def change(action: dict) -> None:
        action["stats"] = json.dumps({**json.loads(action["stats"]), **changed})

    return change


def test_a_sound_table_has_no_findings(table: Path) -> None:
    assert list(verify(LocalStorageService(table))) == []


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableNotFoundError):
        list(verify(LocalStorageService(tmp_path)))


def lose_a_file(path: Path) -> None:
    some_file(path).unlink()


def grow_a_file(path: Path) -> None:
    with some_file(path).open("ab") as file:
        file.write(b"more")


def break_a_file(path: Path) -> None:
    some_file(path).write_bytes(b"no Parquet")


def lose_a_commit(path: Path) -> None:
    write_commit(path, 3, [])


def tear_a_commit(path: Path) -> None:
    commit = log(path, f"{1:020d}.json")
    commit.write_bytes(commit.read_bytes()[:-20])


def say_a_thing_twice(path: Path) -> None:
    write_commit(path, 2, [add("x"), add("x"), {"txn": {"appId": "a", "version": 1}}])


def remove_nothing(path: Path) -> None:
    write_commit(path, 2, [remove("never there")])


def break_the_checkpoint(path: Path) -> None:
    log(path, f"{1:020d}.checkpoint.parquet").write_bytes(b"PAR1")


def lose_a_part(path: Path) -> None:
    log(path, f"{1:020d}.checkpoint.{1:010d}.{2:010d}.parquet").write_bytes(b"")


def tear_the_hint(path: Path) -> None:
    log(path, "_last_checkpoint").write_text('{"version":')


def point_the_hint_elsewhere(path: Path) -> None:
    log(path, "_last_checkpoint").write_text('{"version":0,"size":1}')


def lie_in_the_checksum(path: Path) -> None:
    checksum = log(path, f"{1:020d}.crc")
    checksum.write_text(json.dumps({**json.loads(checksum.read_text()), "numFiles": 17}))


def tear_the_checksum(path: Path) -> None:
    log(path, f"{1:020d}.crc").write_text("{")


def count_wrongly(path: Path) -> None:
    rewrite_commit(path, 0, change_statistics(numRecords=4))


def count_nulls_wrongly(path: Path) -> None:
    rewrite_commit(path, 0, change_statistics(nullCount={"d": 1}))


def bound_too_narrowly(path: Path) -> None:
    rewrite_commit(path, 0, change_statistics(minValues={"x": 5}))


def bound_too_low(path: Path) -> None:
    rewrite_commit(path, 0, change_statistics(maxValues={"d": 1.25}))


def empty_a_commit(path: Path) -> None:
    log(path, f"{1:020d}.json").write_text("")


def leave_blanks_of_a_commit(path: Path) -> None:
    log(path, f"{0:020d}.json").write_text("\n\n")


def take_the_provenance(path: Path) -> None:
    commit = log(path, f"{1:020d}.json")
    lines = [line for line in commit.read_text().splitlines() if "commitInfo" not in line]
    commit.write_text("\n".join(lines))


def change_checkpoint(path: Path, change: Callable[[list[dict]], list[dict]]) -> None:
    checkpoint = log(path, f"{1:020d}.checkpoint.parquet")
    rows = pq.read_table(checkpoint)
    pq.write_table(pa.Table.from_pylist(change(rows.to_pylist()), rows.schema), checkpoint)


def double_an_add_in_the_checkpoint(path: Path) -> None:
    change_checkpoint(path, lambda rows: rows + [row for row in rows if row["add"]][:1])


def remove_what_the_checkpoint_adds(path: Path) -> None:
    def change(rows: list[dict]) -> list[dict]:
        [added, *_] = [row["add"]["path"] for row in rows if row["add"]]
        removal = {"path": added, "deletionTimestamp": 1, "dataChange": True}
        return [*rows, {**dict.fromkeys(rows[0]), "remove": removal}]

    change_checkpoint(path, change)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (empty_a_commit, "empty commit"),
        (leave_blanks_of_a_commit, "empty commit"),
        (take_the_provenance, "no provenance"),
        (double_an_add_in_the_checkpoint, "repeated action"),
        (remove_what_the_checkpoint_adds, "repeated action"),
        (lose_a_file, "missing file"),
        (grow_a_file, "wrong size"),
        (break_a_file, "unreadable file"),
        (lose_a_commit, "log gap"),
        (lose_a_commit, "unreadable table"),
        (tear_a_commit, "unreadable commit"),
        (say_a_thing_twice, "repeated action"),
        (remove_nothing, "removal of nothing"),
        (break_the_checkpoint, "unreadable checkpoint"),
        (lose_a_part, "partial checkpoint"),
        (tear_the_hint, "wrong hint"),
        (point_the_hint_elsewhere, "wrong hint"),
        (lie_in_the_checksum, "checksum mismatch"),
        (tear_the_checksum, "torn checksum"),
        (count_wrongly, "bad statistics"),
        (count_nulls_wrongly, "bad statistics"),
        (bound_too_narrowly, "bad statistics"),
        (bound_too_low, "bad statistics"),
    ],
)
def test_each_kind_of_damage_is_found(table: Path, damage: Callable[[Path], None], kind: str) -> None:
    damage(table)
    assert kind in kinds(table)


def test_statistics_that_are_wider_than_needed_are_accepted(table: Path) -> None:
    rewrite_commit(table, 0, change_statistics(minValues={"x": -5}, maxValues={"x": 500}))
    assert kinds(table) == set()


def test_no_finding_advises_to_delete_what_protects_the_table(table: Path) -> None:
    lie_in_the_checksum(table)
    empty_a_commit(table)
    messages = [finding.message for finding in verify(LocalStorageService(table))]
    assert len(messages) > 1
    assert not any("delete" in message for message in messages)
