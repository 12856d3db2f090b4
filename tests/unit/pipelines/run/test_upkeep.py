"""Tables are maintained after a run where they ask for it, within what that may cost, and never lose a row."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.optimization import (
    ArrowRewriter,
    Budget,
    Compaction,
    MaintainedTable,
    QueryOptimizer,
    Status,
    Vacuuming,
)
from lakehouse.pipelines import EventLog, RunResult, TableOptions, Warehouse
from lakehouse.pipelines.run.upkeep import MaintenanceFailed, maintained
from lakehouse.source_location import SourceLocation
from lakehouse.tables import TableLog, describe
from tests.unit.optimization.optimized_tables import MANAGER, append, file_count, points, rows_of


def small_files(path: Path, count: int = 6) -> None:
    for seed in range(count):
        append(path, points(seed, count=20))


def test_a_table_is_maintained_only_where_it_asks_for_it(tmp_path: Path) -> None:
    small_files(tmp_path)
    before = rows_of(tmp_path)
    assert maintained(str(tmp_path), TableOptions()) == ()
    assert file_count(tmp_path) == 6
    done = maintained(str(tmp_path), TableOptions(maintain="auto"))
    assert [(each.strategy, each.status) for each in done] == [("compaction", Status.DONE)]
    assert file_count(tmp_path) == 1
    assert rows_of(tmp_path) == before


@pytest.mark.parametrize("options", [{"maintain_megabytes": 1e-6}, {"maintain_seconds": 1e-9}])
def test_what_takes_more_than_it_may_is_put_off(tmp_path: Path, options: dict[str, float]) -> None:
    small_files(tmp_path)
    done = maintained(str(tmp_path), TableOptions(maintain="auto", **options))
    assert [each.status for each in done] == [Status.OVER_BUDGET]
    assert file_count(tmp_path) == 6


def test_tables_share_the_bytes_of_a_budget(tmp_path: Path) -> None:
    optimizer = QueryOptimizer([Compaction()], manager=MANAGER)
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        small_files(path)
    size = sum(file.stat().st_size for file in one.glob("*.parquet"))
    budget = Budget(size_bytes=size * 1.5)
    assert [each.status for each in optimizer.maintain(str(one), budget=budget)] == [Status.DONE]
    assert [each.status for each in optimizer.maintain(str(other), budget=budget)] == [Status.OVER_BUDGET]


def test_a_table_says_how_large_its_files_are_and_how_long_old_ones_stay(tmp_path: Path) -> None:
    options = TableOptions(target_file_megabytes=0.002, retention="0 seconds", maintain="auto")
    small_files(tmp_path)
    describe(TableLog(str(tmp_path)), options.description)
    size = sum(file.stat().st_size for file in tmp_path.glob("*.parquet"))
    assert size > 2 * 2_097
    before = rows_of(tmp_path)
    [done] = maintained(str(tmp_path), options)
    assert (done.status, file_count(tmp_path)) == (Status.DONE, -(-size // 2_097))
    assert rows_of(tmp_path) == before
    [gone] = QueryOptimizer([Vacuuming()], manager=MANAGER).maintain(str(tmp_path))
    assert (gone.status, gone.measured_before.files) == (Status.DONE, 6)
    wrong = TableOptions(target_file_megabytes=0, retention="a while")
    size_wrong, time_wrong = wrong.problems(table="t", location=SourceLocation(file="f.py", line=1))
    assert "target_file_megabytes=0" in str(size_wrong)
    assert "retention='a while'" in str(time_wrong)


@pytest.mark.parametrize(
    ("said", "size_bytes"),
    [("100mb", 100 << 20), ("104857600", 100 << 20), ("1 GB", 1 << 30), ("much", 16 << 20)],
)
def test_sizes_of_files_are_read_as_delta_writes_them(tmp_path: Path, said: str, size_bytes: int) -> None:
    append(tmp_path, points(0))
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.set_properties({"delta.targetFileSize": said})
    table = MaintainedTable(str(tmp_path), manager=MANAGER, rewriter=ArrowRewriter())
    assert table.facts().target_file_bytes == size_bytes


def test_files_of_older_versions_stay(tmp_path: Path) -> None:
    small_files(tmp_path)
    before = set(tmp_path.glob("*.parquet"))
    maintained(str(tmp_path), TableOptions(maintain="auto"))
    assert before < set(tmp_path.glob("*.parquet"))


def test_a_table_that_cannot_be_maintained_says_so(tmp_path: Path) -> None:
    with pytest.raises(MaintenanceFailed, match="not a Delta table"):
        maintained(str(tmp_path / "missing"), TableOptions(maintain="auto"))


def test_an_error_that_nobody_foresaw_is_one_of_maintenance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise pa.ArrowNotImplementedError("no kernel sorts this type")

    small_files(tmp_path)
    monkeypatch.setattr(Compaction, "propose", broken)
    with pytest.raises(MaintenanceFailed, match="no kernel"):
        maintained(str(tmp_path), TableOptions(maintain="auto"))


def test_the_event_log_has_what_was_foreseen_and_measured(tmp_path: Path) -> None:
    small_files(tmp_path / "t")
    done = maintained(str(tmp_path / "t"), TableOptions(maintain="auto"))
    log = EventLog(Warehouse.at(tmp_path / "warehouse"))
    now = dt.datetime.now(dt.UTC)
    log.append(
        RunResult(run_id="r", pipeline="p", started_at=now, seconds=1, outcomes={}, maintenance={"t": done})
    )
    (event,) = (row for row in log.read().to_pylist() if row["kind"] == "maintenance")
    assert (event["table"], event["name"], event["status"], event["version"]) == (
        "t",
        "compaction",
        "done",
        6,
    )
    details = json.loads(event["details"])
    assert (details["measured_before"]["files"], details["measured_after"]["files"]) == (6, 1)
    assert details["rewritten_bytes"] > 0
    assert set(details["probe_seconds"]) == {"before", "after"}
    assert min(details["probe_seconds"].values()) > 0
