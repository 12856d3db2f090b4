"""What the event log keeps of runs comes back typed, the newest run first."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest

from lakehouse.delta_log.data_files import DataFileReader
from lakehouse.errors import DefinitionError
from lakehouse.optimization import ArrowRewriter, Budget, QueryOptimizer, Workload
from lakehouse.pipelines import (
    EventLog,
    NothingNew,
    Outcome,
    RunResult,
    Skipped,
    Warehouse,
    last_runs,
    runs_before,
)
from lakehouse.pipelines.record.outcomes import MicroBatch

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def result(run_id: str, *outcomes: Outcome, pipeline: str = "shop", minutes: int = 0) -> RunResult:
    return RunResult(
        run_id=run_id,
        pipeline=pipeline,
        started_at=NOON + dt.timedelta(minutes=minutes),
        seconds=1.5,
        outcomes={outcome.table: outcome for outcome in outcomes},
    )


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(Warehouse.at(tmp_path))


def test_no_runs_are_there_before_the_first(log: EventLog) -> None:
    assert last_runs(log) == ()


def test_runs_come_newest_first_each_with_its_events(log: EventLog) -> None:
    log.append(result("old", NothingNew(table="a")))
    log.append(result("new", NothingNew(table="a"), Skipped(table="b", because="a"), minutes=5))
    log.append(result("other", pipeline="else", minutes=9))
    newest, oldest = last_runs(log, pipeline="shop")
    assert (newest.run.run_id, oldest.run.run_id) == ("new", "old")
    assert newest.started_at == NOON + dt.timedelta(minutes=5)
    assert {event.table: event.status for event in newest.events} == {"a": "nothing new", "b": "skipped"}
    assert [record.run.run_id for record in last_runs(log, limit=1)] == ["other"]


def test_a_run_that_stopped_with_an_error_is_kept_with_it(log: EventLog) -> None:
    stopped = RunResult(
        run_id="r",
        pipeline="shop",
        started_at=NOON,
        seconds=0.1,
        outcomes={},
        error=DefinitionError("x.py:3: nothing fits.", fix="look there."),
    )
    log.append(stopped)
    (record,) = last_runs(log)
    assert (record.run.status, record.run.error_class) == ("failed", "DefinitionError")
    assert record.run.error_message == "x.py:3: nothing fits. Fix: look there."


def test_a_run_that_was_started_again_under_its_name_is_another_run(log: EventLog) -> None:
    log.append(result("same", Skipped(table="a", because="b")))
    log.append(result("same", NothingNew(table="a"), minutes=1))
    newest, oldest = last_runs(log)
    assert [event.status for event in newest.events] == ["nothing new"]
    assert [event.status for event in oldest.events] == ["skipped"]


def opened_files(log: EventLog, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> tuple[list[str], int]:
    """Return the runs that are found, and how many data files were opened to find them."""
    opened = []
    read_one = DataFileReader.read
    with monkeypatch.context() as patch:
        patch.setattr(
            DataFileReader,
            "read",
            lambda self, file, fields: [opened.append(file), read_one(self, file, fields)][1],
        )
        runs = [record.run.run_id for record in last_runs(log, **asked)]
    return runs, len(opened)


def test_the_last_runs_cost_the_same_after_many(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        run = result(str(number), NothingNew(table="a"), pipeline="shop" if number else "rare")
        log.append(dataclasses.replace(run, started_at=dt.datetime.now(dt.UTC)))
        time.sleep(0.002)  # the next run begins after this one has written its events
    assert opened_files(log, monkeypatch, limit=3)[0] == ["59", "58", "57"]
    assert opened_files(log, monkeypatch, limit=3)[1] <= 12
    assert opened_files(log, monkeypatch, pipeline="rare") == (["0"], 1)
    assert len(opened_files(log, monkeypatch, limit=100)[0]) == 60


def micro_batch(number: int, *outcomes: Outcome, stream: str = "a" * 32) -> RunResult:
    place = MicroBatch(stream=stream, mode="continuous", number=number)
    one = result(f"{stream}-{number}", *outcomes, minutes=number)
    return dataclasses.replace(one, micro_batch=place)


def test_a_stream_counts_as_one_run_and_tables_are_found_that_it_leaves_out(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(result("all", NothingNew(table="a"), NothingNew(table="m"), NothingNew(table="z")))
    log.append(result("one", NothingNew(table="m"), minutes=1))
    for number in range(2, 42):
        log.append(micro_batch(number, NothingNew(table="a"), NothingNew(table="b")))
        if number == 20:
            log.append(result("beside", NothingNew(table="b"), minutes=20))
    assert opened_files(log, monkeypatch, limit=1) == ([f"{'a' * 32}-41"], 2)
    runs, opened = opened_files(log, monkeypatch, limit=3)
    assert runs == [f"{'a' * 32}-41", f"{'a' * 32}-40", f"{'a' * 32}-39", "beside", "one"]
    assert opened <= 7
    newest = last_runs(log, pipeline="shop", limit=2)
    assert newest[0].micro_batch == MicroBatch(stream="a" * 32, mode="continuous", number=41)
    assert [each.stream for each in newest] == ["a" * 32, "a" * 32, None]
    earlier = runs_before(log, newest, pipeline="shop", tables=["a", "b", "m", "z", "never"])
    assert [each.run.run_id for each in earlier] == ["one", "all"]
    assert runs_before(log, newest, pipeline="shop", tables=["a", "b"]) == ()

    path = log.snapshot().table  # type: ignore[union-attr]
    optimizer = QueryOptimizer.made_for(Workload(), names=["compaction"], rewriter=ArrowRewriter())
    assert optimizer.maintain(path, budget=Budget(seconds=60, size_bytes=1 << 30))
    assert log.snapshot().files().num_rows == 1  # type: ignore[union-attr]
    assert opened_files(log, monkeypatch, limit=3) == (runs, 1), "files that were put together"
    assert last_runs(log, pipeline="shop", limit=2) == newest
    assert runs_before(log, newest, pipeline="shop", tables=["b", "m", "z", "never"]) == earlier


def test_the_files_of_many_runs_become_few_and_lose_no_event(
    log: EventLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lakehouse.pipelines.record.events._RUNS_TOGETHER", 12)
    for number in range(40):
        log.append(result(str(number), NothingNew(table="a"), minutes=number))
    snapshot = log.snapshot()
    assert snapshot is not None
    assert snapshot.files().num_rows <= 12
    events = [(row["run_id"], row["kind"]) for row in log.read().to_pylist()]
    assert sorted(events) == sorted((str(number), kind) for number in range(40) for kind in ("run", "table"))
    assert [record.run.run_id for record in last_runs(log, limit=30)] == [str(39 - at) for at in range(30)]
    monkeypatch.setattr(QueryOptimizer, "maintain", lambda *_, **__: 1 / 0)
    for number in range(40, 53):
        log.append(result(str(number), minutes=number))
    assert "can't be put together: division by zero" in caplog.text
    assert last_runs(log, limit=1)[0].run.run_id == "52"


def test_runs_are_found_in_their_order_whatever_the_files_times_say(log: EventLog) -> None:
    for number in range(40):
        log.append(result(str(number), minutes=-number))
    assert [record.run.run_id for record in last_runs(log, limit=3)] == ["0", "1", "2"]
