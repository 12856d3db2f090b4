"""What happened in the last runs of a warehouse, read back from its event log."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.event_files import EventFile, EventFiles
from lakehouse.pipelines.record.events import EventLog, events_of
from lakehouse.pipelines.record.outcomes import MicroBatch, RunResult

__all__ = ["RunRecord", "last_runs", "record_of", "runs_before"]

_AT_ONCE = 32
_MOST_FURTHER = 512
"""So many files are opened to find the runs that tables took part in longer ago, however many there are."""


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

    @property
    def micro_batch(self) -> MicroBatch | None:
        """Where it stands in a stream; None for a run by itself."""
        details = json.loads(self.run.details or "{}")
        return MicroBatch(**details) if "stream" in details else None

    @property
    def stream(self) -> str | None:
        """The name of the stream that it is part of; None for a run by itself."""
        micro_batch = self.micro_batch
        return None if micro_batch is None else micro_batch.stream


def record_of(result: RunResult) -> RunRecord:
    """Return a run that has just ended as the history will tell of it."""
    head, *events = events_of(result)
    return RunRecord(run=head, events=tuple(events))


def last_runs(log: EventLog, *, pipeline: str | None = None, limit: int = 5) -> tuple[RunRecord, ...]:
    """Return the last runs, of one pipeline or of all, the newest first. Older events are not read.

    A stream counts as one run, however many micro-batches it had: the last ``limit`` of them are returned.
    """
    snapshot = log.snapshot()
    if snapshot is None:
        return ()
    found: list[RunRecord] = []
    files = EventFiles(snapshot)
    left = _of_pipeline(files.newest_first(), pipeline)
    while left and not _has_enough(found, limit, older_than=left[0].newest):
        taken, left = _next_files(left, limit, streams=[each.stream for each in found])
        found = _newest_first([*found, *_read(files, taken, pipeline)])
    return tuple(_shown(found, limit))


def runs_before(
    log: EventLog, known: Sequence[RunRecord], *, pipeline: str, tables: Collection[str]
) -> tuple[RunRecord, ...]:
    """Return, of runs that are older than the ``known`` ones, for each table the last that it took part in.

    Tables that took part in one of ``known`` are not looked for. The search ends after some hundred files that may
    hold a table and don't, as those of a table that never ran.
    """
    snapshot = log.snapshot()
    missing = set(tables) - {event.table for record in known for event in record.events}
    if snapshot is None or not known or not missing:
        return ()
    files = EventFiles(snapshot)
    left = [
        each
        for each in _of_pipeline(files.newest_first(), pipeline)
        if each.oldest <= known[-1].started_at or each.stream is not None
    ]
    seen = {(record.run.run_id, record.started_at) for record in known}
    found: list[RunRecord] = []
    opened = 0
    while left and missing and opened < _MOST_FURTHER:
        likely = [each for each in left if each.may_hold(missing)][:_AT_ONCE]
        if not likely:
            break
        left = left[left.index(likely[-1]) + 1 :]
        opened += len(likely)
        for record in _newest_first(_read(files, likely, pipeline)):
            here = {event.table for event in record.events} & missing
            if here and (record.run.run_id, record.started_at) not in seen:
                found.append(record)
                missing -= here
    return tuple(_newest_first(found))


def _of_pipeline(files: Iterable[EventFile], pipeline: str | None) -> list[EventFile]:
    return [each for each in files if pipeline is None or each.may_be_of(pipeline)]


def _next_files(
    files: Sequence[EventFile], limit: int, *, streams: Sequence[str | None]
) -> tuple[list[EventFile], list[EventFile]]:
    """Return the files to read next, which most likely hold enough runs, and those behind them.

    ``streams`` has for each micro-batch that is known its stream: of one that has enough, no more is read.
    """
    taken: list[EventFile] = []
    known: dict[str | None, int] = defaultdict(int)
    for stream in streams:
        known[stream] += 1
    entries = 0
    for at, each in enumerate(files):
        if entries > limit:
            return taken, list(files[at:])
        if each.stream is None or known[each.stream] < limit:
            taken.append(each)
        entries += each.stream is None or not known[each.stream]
        known[each.stream] += 1
    return taken, []


def _has_enough(records: Sequence[RunRecord], limit: int, *, older_than: dt.datetime) -> bool:
    """Say whether there are so many runs that began after all of which the events were not read yet."""
    entries = {
        each.stream or (each.run.run_id, each.started_at) for each in records if each.started_at > older_than
    }
    return len(entries) >= limit


def _shown(records: Sequence[RunRecord], limit: int) -> Iterator[RunRecord]:
    counts: dict[object, int] = {}
    for each in records:
        entry = each.stream or (each.run.run_id, each.started_at)
        if entry not in counts and len(counts) == limit:
            continue
        counts[entry] = counts.get(entry, 0) + 1
        if counts[entry] <= limit:
            yield each


def _newest_first(records: Iterable[RunRecord]) -> list[RunRecord]:
    return sorted(records, key=lambda record: record.started_at, reverse=True)


def _read(log: EventFiles, files: Sequence[EventFile], pipeline: str | None) -> list[RunRecord]:
    return _records(
        row for row in log.rows(files).to_pylist() if pipeline is None or row["pipeline"] == pipeline
    )


def _records(rows: Iterable[dict[str, object]]) -> list[RunRecord]:
    # Whoever starts a run again may give it the same name.
    runs: dict[tuple[object, object], list[Event]] = defaultdict(list)
    for row in rows:
        runs[row["run_id"], row["started_at"]].append(msgspec.convert(row, Event))
    return [_record(events) for events in runs.values()]


def _record(events: list[Event]) -> RunRecord:
    head = next(event for event in events if event.kind == "run")
    return RunRecord(run=head, events=tuple(event for event in events if event is not head))
