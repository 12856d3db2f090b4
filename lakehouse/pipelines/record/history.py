"""What happened in the last runs of a warehouse, read back from its event log."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import msgspec

from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.events import EventLog

__all__ = ["RunRecord", "last_runs"]


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


def last_runs(log: EventLog, *, pipeline: str | None = None, limit: int = 5) -> tuple[RunRecord, ...]:
    """Return the last runs, of one pipeline or of all, the newest first."""
    runs: dict[str, list[Event]] = defaultdict(list)
    for row in log.read().to_pylist():
        if pipeline in (None, row["pipeline"]):
            runs[row["run_id"]].append(msgspec.convert(row, Event))
    records = [_record(events) for events in runs.values()]
    return tuple(sorted(records, key=lambda record: record.started_at, reverse=True)[:limit])


def _record(events: list[Event]) -> RunRecord:
    head = next(event for event in events if event.kind == "run")
    return RunRecord(run=head, events=tuple(event for event in events if event is not head))
