"""Vacuum knows who still needs a table: readers that are behind, batches that wait, and shallow clones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lakehouse.cli.main import main
from lakehouse.delta_log import (
    AddFile,
    Snapshot,
    TransactionManager,
    col,
    table_storage,
    write_checkpoint,
)
from lakehouse.optimization import QueryOptimizer, Status, Vacuuming, needs_of_readers
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.storage import LocalStorageService
from tests.unit.optimization.optimized_tables import MANAGER, append, points

AT_ONCE = {"delta.deletedFileRetentionDuration": "interval 0 seconds"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table whose versions 1 to 4 each took the file of the one before away."""
    path = tmp_path / "silver" / "now"
    append(path, points(0))
    with MANAGER.transaction(path) as transaction:
        transaction.set_properties(AT_ONCE)
    for seed in range(1, 4):
        with MANAGER.transaction(path) as transaction:
            transaction.overwrite(points(seed))
    return path


def note(table: Path, reader: str, number: int, *, follows: int | None, **said: Any) -> None:
    """Write a batch of a reader down as a run does."""
    layer, name = reader.split("/")
    batch = Batch(
        flow=f"p/{name}",
        number=number,
        planned_at="2024-01-01T00:00:00+00:00",
        starts_over=follows is None,
        fingerprint="",
        follows=follows,
        inputs=said.get("inputs", {}),
        pinned=said.get("pinned", {}),
    )
    storage = LocalStorageService(table.parents[1])
    BatchLog(storage, layer=layer, table=name).decide(batch)


def read(table: Path, after: int, through: int) -> dict[str, Any]:
    return {
        "after": after,
        "through": through,
        "table_id": Snapshot.load(table).metadata.id,
        "commit": None,
    }


def exists(table: Path, reader: str) -> None:
    append(table.parents[1] / reader, points(9, count=1))


def vacuumed(table: Path) -> Status | None:
    outcomes = QueryOptimizer([Vacuuming()], manager=MANAGER).maintain(str(table))
    return outcomes[0].status if outcomes else None


def readable(table: Path, version: int) -> bool:
    """Say whether a version is there, file by file."""
    return all((table / path).exists() for path in Snapshot.load(table, version).files()["path"].to_pylist())


def test_a_reader_of_changes_reads_on_after_vacuum_where_it_would_find_no_file(table: Path) -> None:
    exists(table, "gold/behind")
    note(table, "gold/behind", 0, follows=None, inputs=read(table, -1, 2))
    changes = Counter(map(repr, Snapshot.load(table).changes(3, 4).to_pylist()))
    assert vacuumed(table) is Status.DONE
    assert [readable(table, version) for version in (1, 2, 3, 4)] == [False, True, True, True]
    assert Counter(map(repr, Snapshot.load(table).changes(3, 4).to_pylist())) == changes
    assert changes.total() == 2_000


def test_nothing_of_it_is_kept_where_readers_do_not_count(table: Path) -> None:
    exists(table, "gold/behind")
    note(table, "gold/behind", 0, follows=None, inputs=read(table, -1, 2))
    QueryOptimizer([Vacuuming(ignores_readers=True)], manager=MANAGER).maintain(str(table))
    assert [readable(table, version) for version in (2, 3, 4)] == [False, False, True]


@pytest.mark.parametrize(
    ("inputs", "pinned", "kept"),
    [
        pytest.param({"after": 2, "through": 3}, {}, 2, id="new rows"),
        pytest.param({"after": -1, "through": 3}, {}, 3, id="everything"),
        pytest.param({"left": {"after": 3, "through": 4}}, {}, 3, id="pairs"),
        pytest.param({}, {"now": 2}, 2, id="beside"),
        pytest.param({}, {"silver.now": 3}, 3, id="beside, by its layer"),
        pytest.param({}, {"other": 2}, None, id="another table"),
        pytest.param({"after": 3, "through": 4, "table_id": "another"}, {}, None, id="an older table"),
        pytest.param({"after": 4, "through": 4}, {}, None, id="up to date"),
        pytest.param({"files": {"a": 1}}, {}, None, id="files"),
    ],
)
def test_a_batch_that_waits_keeps_the_versions_that_it_names(
    table: Path, inputs: dict[str, Any], pinned: dict[str, int], kept: int | None
) -> None:
    def with_id(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        found = {key: with_id(value) for key, value in part.items()}
        return {**read(table, -1, 0), **found} if "through" in found else found

    note(table, "gold/waits", 0, follows=None, inputs=with_id(inputs), pinned=pinned)
    needs = needs_of_readers(Snapshot.load(table))
    assert needs.keep_from_version == kept
    assert ("gold/waits" in needs.words) == (kept is not None)


def test_a_batch_that_is_dropped_begins_again_where_the_one_before_ended(table: Path) -> None:
    exists(table, "gold/behind")
    note(table, "gold/behind", 0, follows=None, inputs=read(table, -1, 2))
    note(table, "gold/behind", 1, follows=0, inputs=read(table, -1, 4))
    assert needs_of_readers(Snapshot.load(table)).keep_from_version == 2


def test_a_reader_whose_table_is_gone_keeps_nothing(table: Path) -> None:
    note(table, "gold/behind", 1, follows=0, inputs=read(table, 2, 3))
    assert needs_of_readers(Snapshot.load(table)).keep_from_version is None


def test_a_version_that_the_log_has_lost_keeps_nothing(table: Path) -> None:
    exists(table, "gold/behind")
    note(table, "gold/behind", 0, follows=None, inputs=read(table, -1, 1))
    write_checkpoint(table_storage(str(table)), Snapshot.load(table))
    for version in range(3):
        (table / "_delta_log" / f"{version:020}.json").unlink()
    assert needs_of_readers(Snapshot.load(table)).keep_from_version is None
    assert vacuumed(table) is Status.DONE


def clone(source: Path, path: Path) -> None:
    """Make a table of the files of another, which stay where they are."""
    old = Snapshot.load(source, 2)
    files = [each for each in old.actions_of(2) if isinstance(each, AddFile)]
    with TransactionManager(spark_writers=False).transaction(path) as transaction:
        transaction.create(old.schema)
        for file in files:
            transaction.add(msgspec.structs.replace(file, path=(source / file.path).as_uri()))


def test_files_that_a_shallow_clone_names_stay(table: Path) -> None:
    clone(table, table.parents[1] / "bronze" / "copy")
    note(table, "gold/other", 0, follows=None)
    rows = Snapshot.load(table.parents[1] / "bronze" / "copy").to_arrow().num_rows
    assert vacuumed(table) is Status.DONE
    assert [readable(table, version) for version in (1, 2, 3, 4)] == [False, True, False, True]
    assert Snapshot.load(table.parents[1] / "bronze" / "copy").to_arrow().num_rows == rows == 500


def test_the_verb_says_what_it_kept_and_for_whom(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exists(table, "gold/behind")
    note(table, "gold/behind", 0, follows=None, inputs=read(table, -1, 2))
    assert main(["table", "vacuum", str(table), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["keys"]) == 1
    assert main(["table", "vacuum", str(table)]) == 0
    assert "note: all since version 2 stays for gold/behind" in capsys.readouterr().err
    assert main(["table", "vacuum", str(table), "--json", "--ignore-readers", "--delete"]) == 0
    assert len(json.loads(capsys.readouterr().out)["keys"]) == 3
    assert Snapshot.load(table).to_arrow().filter(col("x").is_null().to_arrow()).num_rows == 0
