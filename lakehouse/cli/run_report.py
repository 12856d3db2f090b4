"""How a run looks while it goes: a live table on a terminal, plain lines elsewhere, JSON for machines."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from lakehouse.pipelines import (
    Failed,
    NothingNew,
    Outcome,
    Refresh,
    Refreshed,
    RunListener,
    RunResult,
    Skipped,
)

__all__ = ["JsonReport", "LiveReport", "PlainReport"]

_MARKS = {Refreshed: "done", NothingNew: "nothing new", Failed: "failed", Skipped: "skipped"}


class PlainReport(RunListener):
    """One line a table when it is through, and where to look next at the end. Thread-safe."""

    def __init__(self, warehouse: str) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._say(f"{pipeline}: {len(tables)} tables")

    def step_done(self, table: str, step: str) -> None:
        """Steps are too many for plain lines."""

    def table_finished(self, outcome: Outcome) -> None:
        for line in _lines(outcome):
            self._say(line)

    def run_finished(self, result: RunResult) -> None:
        for line in _closing(result, self._warehouse):
            self._say(line)

    def _say(self, line: str) -> None:
        with self._lock:
            click.echo(line)


class LiveReport(RunListener):
    """A table on the terminal that fills while the run goes. Thread-safe."""

    def __init__(self, warehouse: str, console: Console | None = None) -> None:
        self._warehouse = warehouse
        self._console = console or Console()
        self._rows: dict[str, tuple[str, ...]] = {}
        self._title = ""
        self._notes: list[str] = []
        self._lock = threading.Lock()
        self._live = Live(console=self._console, refresh_per_second=8)

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._title = pipeline
        self._rows = dict.fromkeys(tables, ("waits", "", "", "", "", ""))
        self._live.start()
        self._draw()

    def step_done(self, table: str, step: str) -> None:
        self._set(table, (f"{step} ✓", *self._rows.get(table, ("",) * 6)[1:]))

    def table_finished(self, outcome: Outcome) -> None:
        self._notes += list(_notes(outcome))
        self._set(outcome.table, _cells(outcome))

    def run_finished(self, result: RunResult) -> None:
        self._live.stop()
        for line in (*self._notes, *_closing(result, self._warehouse)):
            self._console.print(line, highlight=False, markup=False)

    def _set(self, table: str, cells: tuple[str, ...]) -> None:
        with self._lock:
            self._rows[table] = cells
            self._draw()

    def _draw(self) -> None:
        drawn = Table(title=self._title, title_justify="left")
        drawn.add_column("table")
        drawn.add_column("state")
        for heading in ("rows in", "written", "dropped", "quarantined", "rows/s"):
            drawn.add_column(heading, justify="right")
        for table, cells in self._rows.items():
            drawn.add_row(table, *cells)
        self._live.update(drawn)


class JsonReport(RunListener):
    """The whole result as one JSON object, at the end."""

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        """All is said at the end."""

    def step_done(self, table: str, step: str) -> None:
        """All is said at the end."""

    def table_finished(self, outcome: Outcome) -> None:
        """All is said at the end."""

    def run_finished(self, result: RunResult) -> None:
        click.echo(json.dumps(_as_json(result), indent=2))


def _lines(outcome: Outcome) -> Iterator[str]:
    name = f"{outcome.table:<20} {_MARKS[type(outcome)]:<12}"
    match outcome:
        case Refreshed():
            for refresh in outcome.refreshes:
                yield f"{name} {_counts(refresh)}"
        case NothingNew():
            yield name.rstrip()
        case Failed():
            yield f"{name} {outcome.error}"
        case Skipped():
            yield f"{name} because {outcome.because} failed"
    yield from _notes(outcome)


def _notes(outcome: Outcome) -> Iterator[str]:
    """Say what a reader of the counts should know: rules that were broken, files that were set aside."""
    if isinstance(outcome, Failed):
        yield f"  {outcome.table}: {outcome.cause}"
    if not isinstance(outcome, Refreshed):
        return
    for refresh in outcome.refreshes:
        for step in refresh.steps:
            if step.rows_in != step.rows_out:
                yield f"  {outcome.table}: {step.step} took out {step.rows_in - step.rows_out:,} rows"
        for rule, broken in refresh.tally.broken.items():
            if broken:
                yield f"  {outcome.table}: {broken:,} rows break {rule}"
        if rejected := refresh.details.get("files_rejected"):
            yield f"  warning: {rejected} files of {outcome.table} could not be read; see {outcome.table}_quarantine"


def _counts(refresh: Refresh) -> str:
    tally = refresh.tally
    files = f"{refresh.details['files']:,} files, " if "files" in refresh.details else ""
    set_aside = f", {tally.dropped:,} dropped, {tally.quarantined:,} quarantined" if tally.broken else ""
    counts = f"{files}{tally.rows_in:,} rows in, {tally.written:,} written{set_aside}"
    return f"{counts}  ({refresh.seconds:.1f} s, {_rate(refresh)} rows/s)"


def _rate(refresh: Refresh) -> str:
    return f"{refresh.tally.rows_in / max(refresh.seconds, 0.001):,.0f}"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    mark = _MARKS[type(outcome)]
    if not isinstance(outcome, Refreshed):
        return (mark, "", "", "", "", "")
    last = outcome.refreshes[-1]
    tally = last.tally
    numbers = (tally.rows_in, tally.written, tally.dropped, tally.quarantined)
    return (f"{mark} {last.seconds:.1f} s", *(f"{number:,}" for number in numbers), _rate(last))


def _closing(result: RunResult, warehouse: str) -> Iterator[str]:
    yield f"{result.status} in {result.seconds:.1f} s; the tables are in {warehouse}"
    yield f"what happened: lakehouse history --warehouse {warehouse}"
    tables = [outcome for outcome in result.outcomes.values() if isinstance(outcome, Refreshed)]
    if tables:
        last = tables[-1]
        layer = last.refreshes[-1].layer
        yield f"look at one: lakehouse table cat {warehouse}/{layer}/{last.table}"


def _as_json(result: RunResult) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "pipeline": result.pipeline,
        "status": result.status,
        "started_at": result.started_at.isoformat(),
        "seconds": round(result.seconds, 3),
        "tables": [_outcome_json(outcome) for outcome in result.outcomes.values()],
        "cache": None if result.cache is None else result.cache.as_dict(),
    }


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    plain: dict[str, Any] = {"table": outcome.table, "status": _MARKS[type(outcome)]}
    match outcome:
        case Refreshed():
            return plain | {"batches": [_refresh_json(refresh) for refresh in outcome.refreshes]}
        case Failed():
            error = {"class": type(outcome.error).__name__, "message": str(outcome.error)}
            return plain | {"error": error | {"root_cause": outcome.cause}}
        case Skipped():
            return plain | {"because": outcome.because}
        case NothingNew():
            return plain


def _refresh_json(refresh: Refresh) -> dict[str, Any]:
    tally = refresh.tally
    return {
        "batch": refresh.batch.number,
        "version": refresh.version,
        "rows_in": tally.rows_in,
        "written": tally.written,
        "dropped": tally.dropped,
        "quarantined": tally.quarantined,
        "rules": dict(tally.broken),
        "steps": [
            {"step": each.step, "rows_in": each.rows_in, "rows_out": each.rows_out} for each in refresh.steps
        ],
        "seconds": round(refresh.seconds, 3),
        **refresh.details,
    }
