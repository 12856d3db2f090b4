"""What the event log keeps of runs comes back typed, the newest run first."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.errors import DefinitionError
from lakehouse.pipelines import EventLog, NothingNew, Outcome, RunResult, Skipped, Warehouse, last_runs

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
