"""What happened in the last runs of a warehouse, read back from its event log."""

from __future__ import annotations

import datetime as dt
import operator
from collections import defaultdict
from dataclasses import dataclass
from functools import reduce

import msgspec
import pyarrow as pa

from lakehouse.delta_log import Predicate, col
from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.events import EventLog, events_of
from lakehouse.pipelines.record.outcomes import RunResult

__all__ = ["RunRecord", "last_runs", "record_of"]

_FILES_PER_RUN = 2
_FURTHER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run, and all that happened in it."""

    run: Event
    """The event of the run itself."""
    events: tuple[Event, ...]
    """Those of its tables, steps, rules and caches, in the order in which they were written."""

    @property
    def pipeline(self) -> str:
        """The pipeline that ran."""
        return self.run.pipeline

    @property
    def started_at(self) -> dt.datetime:
        """When it began; in UTC."""
        return self.run.started_at


def record_of(result: RunResult) -> RunRecord:
    """Return a run that has just ended as the history will tell of it."""
    head, *events = events_of(result)
    return RunRecord(run=head, events=tuple(events))


def last_runs(log: EventLog, *, pipeline: str | None = None, limit: int = 5) -> tuple[RunRecord, ...]:
    """Return the last runs, of one pipeline or of all, the newest first. Older events are not read."""
    snapshot = log.snapshot()
    if snapshot is None:
        return ()
    # A run's events come in one file, after it began: so many files back there are, most likely, enough runs.
    # All that began since then are read, whatever file they are in.
    written_ms = sorted(snapshot.files()["modificationTime"].to_pylist(), reverse=True)
    files = _FILES_PER_RUN * max(limit, 1)
    while True:
        since_ms = written_ms[files] if files < len(written_ms) else None
        records = _records(snapshot.to_arrow(predicate=_wanted(pipeline, since_ms)))
        if since_ms is None or len(records) >= limit:
            return records[:limit]
        files *= _FURTHER


def _wanted(pipeline: str | None, since_ms: int | None) -> Predicate | None:
    conditions: list[Predicate] = []
    if pipeline is not None:
        conditions.append(col("pipeline") == pipeline)
    if since_ms is not None:
        conditions.append(col("started_at") >= dt.datetime.fromtimestamp(since_ms / 1000, dt.UTC))
    return reduce(operator.and_, conditions) if conditions else None


def _records(rows: pa.Table) -> tuple[RunRecord, ...]:
    # Whoever starts a run again may give it the same name.
    runs: dict[tuple[str, dt.datetime], list[Event]] = defaultdict(list)
    for row in rows.to_pylist():
        runs[row["run_id"], row["started_at"]].append(msgspec.convert(row, Event))
    records = [_record(events) for events in runs.values()]
    return tuple(sorted(records, key=lambda record: record.started_at, reverse=True))


def _record(events: list[Event]) -> RunRecord:
    head = next(event for event in events if event.kind == "run")
    return RunRecord(run=head, events=tuple(event for event in events if event is not head))
