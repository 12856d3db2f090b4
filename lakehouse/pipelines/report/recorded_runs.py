"""What the event log says of a table in the last runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.history import RunRecord
from lakehouse.pipelines.report.model import Failure, ReportRun, RowFlow, State

__all__ = ["HistoryEntry", "TableInRun", "entries_of", "failure_of", "run_of", "tables_in"]

_STATES = {
    "ok": State.DONE,
    "nothing new": State.NOTHING_NEW,
    "failed": State.FAILED,
    "skipped": State.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInRun:
    """One table in one run: all batches that it took there."""

    run: Event
    events: tuple[Event, ...]

    @property
    def _batches(self) -> Sequence[Event]:
        return [event for event in self.events if event.kind == "table"]

    @property
    def state(self) -> State:
        """How the table ended."""
        return _STATES.get(self._batches[-1].status or "", State.NOT_RUN) if self._batches else State.NOT_RUN

    @property
    def failure(self) -> Failure | None:
        """Why it failed; None where it didn't."""
        return failure_of(self._batches[-1]) if self.state is State.FAILED else None

    @property
    def because(self) -> str:
        """Why it was skipped; empty where it wasn't."""
        return self._batches[-1].error_message or "" if self.state is State.SKIPPED else ""

    @property
    def rows(self) -> RowFlow | None:
        """Where the rows of all batches went; None where it took none."""
        if self.state is not State.DONE:
            return None
        return RowFlow(
            judged=sum(event.rows_in or 0 for event in self._batches),
            written=sum(event.rows_out or 0 for event in self._batches),
            dropped=sum(event.rows_dropped or 0 for event in self._batches),
            quarantined=sum(event.rows_quarantined or 0 for event in self._batches),
        )

    @property
    def seconds(self) -> float | None:
        """How long it took; None where nothing was to be done."""
        lengths = [event.duration_seconds for event in self._batches if event.duration_seconds is not None]
        return sum(lengths) if lengths else None

    @property
    def refreshed_by(self) -> str:
        """How the result was brought up to date, where there is a choice."""
        how = json.loads(self._batches[-1].inputs or "{}").get("refresh") if self._batches else None
        return "" if how is None else str(how)

    def broken_by(self, rule: str) -> int:
        """Return how many rows broke a rule."""
        return sum(
            event.rows_broken or 0 for event in self.events if event.kind == "rule" and event.name == rule
        )

    def counted_steps(self) -> dict[str, tuple[int, int]]:
        """Return the rows before and after each counted step, by its label, in their order."""
        found: dict[str, tuple[int, int]] = {}
        for event in self.events:
            if event.kind == "step" and event.name is not None:
                before, after = found.get(event.name, (0, 0))
                found[event.name] = (before + (event.rows_in or 0), after + (event.rows_out or 0))
        return found


def tables_in(record: RunRecord) -> dict[str, TableInRun]:
    """Return the tables of a run by name."""
    events: dict[str, list[Event]] = {}
    for event in record.events:
        if event.table is not None:
            events.setdefault(event.table, []).append(event)
    return {name: TableInRun(run=record.run, events=tuple(each)) for name, each in events.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A run by itself, or the last micro-batches of one stream."""

    runs: tuple[RunRecord, ...]
    """The newest first."""
    tables: Mapping[str, tuple[TableInRun, ...]]
    """By table, what happened to it in those that it took part in."""

    @property
    def last(self) -> RunRecord:
        """The newest."""
        return self.runs[0]


def entries_of(runs: Sequence[tuple[RunRecord, Mapping[str, TableInRun]]]) -> list[HistoryEntry]:
    """Return the history of runs, the newest first, in which a stream stands once, where its last micro-batch is."""
    together: dict[object, list[tuple[RunRecord, Mapping[str, TableInRun]]]] = {}
    for record, tables in runs:
        key = record.stream or (record.run.run_id, record.started_at)
        together.setdefault(key, []).append((record, tables))
    return [_entry(each) for each in together.values()]


def _entry(runs: Sequence[tuple[RunRecord, Mapping[str, TableInRun]]]) -> HistoryEntry:
    found: dict[str, list[TableInRun]] = {}
    for _, tables in runs:
        for name, table in tables.items():
            found.setdefault(name, []).append(table)
    return HistoryEntry(
        runs=tuple(record for record, _ in runs),
        tables={name: tuple(each) for name, each in found.items()},
    )


def run_of(entry: HistoryEntry) -> ReportRun:
    """Return an entry for the history: rows and times of all its runs, states as they were at last."""
    states = {name: runs[0].state for name, runs in entry.tables.items()}
    flows = [each.rows for runs in entry.tables.values() for each in runs if each.rows is not None]
    lengths = [each.run.duration_seconds for each in entry.runs if each.run.duration_seconds is not None]
    last, first = entry.last, entry.runs[-1]
    failed = tuple(sorted(name for name, state in states.items() if state is State.FAILED))
    state = State.FAILED if failed else _STATES.get(last.run.status or "", State.NOT_RUN)
    from_, to = first.micro_batch, last.micro_batch
    return ReportRun(
        run_id=last.run.run_id,
        started_at=first.started_at,
        seconds=sum(lengths) if lengths else None,
        state=state,
        by_state={each: count for each in State if (count := [*states.values()].count(each))},
        rows_written=sum(each.written for each in flows),
        rows_quarantined=sum(each.quarantined for each in flows),
        failure=failure_of(last.run),
        failed_tables=failed,
        micro_batches=None if from_ is None or to is None else (from_.number, to.number),
    )


def failure_of(event: Event) -> Failure | None:
    """Return the error that an event tells of; None where it tells of none."""
    if event.error_message is None or event.status != "failed":
        return None
    return Failure(
        error_class=event.error_class or "",
        message=event.error_message,
        root_cause=event.root_cause or event.error_message,
    )
