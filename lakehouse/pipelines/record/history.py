"""What happened in the last runs of a warehouse, read back from its event log."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

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
        return _micro_batch(self.run.details)

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
        rows = _only_of(pipeline, files.rows(taken))
        found = _newest_first([*found, *_records(_of_last_runs(rows, limit))])
    return tuple(_shown(found, limit, of=_place))


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
        rows = _only_of(pipeline, files.rows(likely))
        for record in _newest_first(_records(_of_last_runs_with(rows, missing))):
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
        runs = limit if each.has_many else 1
        if each.stream is None or known[each.stream] < limit:
            taken.append(each)
        entries += runs if each.stream is None else not known[each.stream]
        known[each.stream] += runs
    return taken, []


def _has_enough(records: Sequence[RunRecord], limit: int, *, older_than: dt.datetime) -> bool:
    """Say whether there are so many runs that began after all of which the events were not read yet."""
    entries = {
        each.stream or (each.run.run_id, each.started_at) for each in records if each.started_at > older_than
    }
    return len(entries) >= limit


@dataclass(frozen=True, slots=True)
class _Place:
    """Which run it is, and of which stream."""

    run_id: str
    started_at: dt.datetime
    stream: str | None


def _place(record: RunRecord) -> _Place:
    return _Place(record.run.run_id, record.started_at, record.stream)


def _entry(place: _Place) -> object:
    """Return what counts as one run: a stream, or a run by itself. Two may have the same name."""
    return place.stream or (place.run_id, place.started_at)


_Run = TypeVar("_Run")


def _shown(runs: Iterable[_Run], limit: int, *, of: Callable[[_Run], _Place]) -> Iterator[_Run]:
    """Yield the first ``limit`` runs, and of each stream among them as many micro-batches."""
    counts: dict[object, int] = {}
    for each in runs:
        entry = _entry(of(each))
        if entry not in counts and len(counts) == limit:
            continue
        counts[entry] = counts.get(entry, 0) + 1
        if counts[entry] <= limit:
            yield each


def _newest_first(records: Iterable[RunRecord]) -> list[RunRecord]:
    return sorted(records, key=lambda record: record.started_at, reverse=True)


def _only_of(pipeline: str | None, rows: pa.Table) -> pa.Table:
    return rows if pipeline is None else rows.filter(pc.field("pipeline") == pipeline)


def _of_last_runs(rows: pa.Table, limit: int) -> pa.Table:
    """Return the rows of the last runs: a file that was put together of many has thousands."""
    heads = rows.filter(pc.field("kind") == "run").sort_by([("started_at", "descending")])
    names, times, details = (heads[name].to_pylist() for name in ("run_id", "started_at", "details"))
    places = [
        _Place(name, started_at, micro_batch.stream if (micro_batch := _micro_batch(text)) else None)
        for name, started_at, text in zip(names, times, details, strict=True)
    ]
    chosen = {each.started_at for each in _shown(places, limit, of=lambda place: place)}
    return _began_at(rows, chosen)


def _of_last_runs_with(rows: pa.Table, tables: Collection[str]) -> pa.Table:
    """Return the rows of the runs that some tables took part in last."""
    last = (
        rows.filter(pc.field("table").isin(list(tables)))
        .group_by("table")
        .aggregate([("started_at", "max")])["started_at_max"]
    )
    return _began_at(rows, set(last.to_pylist()))


def _began_at(rows: pa.Table, times: Collection[dt.datetime]) -> pa.Table:
    wanted = pa.array(sorted(times), rows.schema.field("started_at").type)
    return rows.filter(pc.is_in(rows["started_at"], wanted))


def _micro_batch(details: str | None) -> MicroBatch | None:
    if details is None or '"stream"' not in details:
        return None
    return MicroBatch(**json.loads(details))


def _records(rows: pa.Table) -> list[RunRecord]:
    # Whoever starts a run again may give it the same name.
    runs: dict[tuple[str, dt.datetime], list[Event]] = defaultdict(list)
    for row in rows.to_pylist():
        runs[row["run_id"], row["started_at"]].append(msgspec.convert(row, Event))
    return [_record(events) for events in runs.values()]


def _record(events: list[Event]) -> RunRecord:
    head = next(event for event in events if event.kind == "run")
    return RunRecord(run=head, events=tuple(event for event in events if event is not head))
