"""How a run looks while it goes: a live table on a terminal, plain lines elsewhere, JSON events for programs.

A report is a context: when it is left, by an error too, the terminal is as it was.
"""

from __future__ import annotations

import datetime as dt
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table

from lakehouse.cli.output import Output
from lakehouse.cli.run_json import outcome_json, result_json
from lakehouse.cli.run_text import cells, closing_lines, failure_lines, notes, outcome_lines
from lakehouse.masking import masked
from lakehouse.pipelines import (
    Failed,
    Outcome,
    RunListener,
    RunResult,
    StreamProgress,
    TaskCounter,
    TaskProgress,
)

__all__ = ["JsonReport", "LiveReport", "PlainReport", "Report"]


class Report(RunListener):
    """Listens to one run inside a ``with`` block; ``close`` is called at its end, whatever happened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what the report holds. May be called more than once."""


class PlainReport(Report):
    """Prints a line for each table when it is finished, and at the end where to look next. Thread-safe."""

    def __init__(self, warehouse: str) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._say(f"{pipeline}: {len(tables)} tables")

    def table_finished(self, outcome: Outcome) -> None:
        for line in outcome_lines(outcome):
            self._say(line)

    def run_finished(self, result: RunResult) -> None:
        for line in closing_lines(result, self._warehouse):
            self._say(line)

    def _say(self, line: str) -> None:
        with self._lock:
            click.echo(masked(line))


class LiveReport(Report):
    """Fills a table on the terminal while the run goes, with the time that each table is at its step. Thread-safe."""

    def __init__(
        self,
        warehouse: str,
        console: Console | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}
        """When each table that is in work came to its step."""
        self._progress: TaskCounter = lambda table: None
        self._warehouse = warehouse
        self._console = console or Console()
        self._rows: dict[str, tuple[str, ...]] = {}
        self._title = ""
        self._notes: list[str] = []
        self._lock = threading.Lock()
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._drawn)

    def close(self) -> None:
        """Stop the live table: show the cursor, end its thread, release stdout and stderr."""
        self._live.stop()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._title = pipeline
        self._rows = dict.fromkeys(tables, ("waits", "", "", "", "", ""))
        self._live.start()

    def work_begins(self, progress: TaskCounter) -> None:
        self._progress = progress

    def step_done(self, table: str, step: str) -> None:
        with self._lock:
            self._since[table] = self._clock()
        self._set(table, (f"{step} ✓", *self._rows.get(table, ("",) * 6)[1:]))

    def table_finished(self, outcome: Outcome) -> None:
        self._notes += notes(outcome)
        if isinstance(outcome, Failed):
            first, *others = failure_lines(outcome)
            self._notes += [f"  {outcome.table}: {first}", *others]
        with self._lock:
            self._since.pop(outcome.table, None)
        self._set(outcome.table, cells(outcome))

    def run_finished(self, result: RunResult) -> None:
        self.close()
        for line in (*self._notes, *closing_lines(result, self._warehouse)):
            self._console.print(masked(line), highlight=False, markup=False)

    def _set(self, table: str, row: tuple[str, ...]) -> None:
        with self._lock:
            self._rows[table] = row
        self._live.refresh()

    def _drawn(self) -> Table:
        drawn = Table(title=self._title, title_justify="left")
        drawn.add_column("table")
        drawn.add_column("state")
        for heading in ("read", "written", "dropped", "quarantined", "rows/s"):
            drawn.add_column(heading, justify="right")
        with self._lock:
            rows = dict(self._rows)
        for table, row in rows.items():
            drawn.add_row(table, *self._as_it_goes(table, row))
        return drawn

    def _as_it_goes(self, table: str, row: tuple[str, ...]) -> tuple[str, ...]:
        """Return the row of a table; while Spark works on it, with what Spark has done so far."""
        state, read, *others = row
        if read:
            return row  # it is finished
        progress = self._progress(table)
        if progress is None:
            return (f"{state}{self._lasting(table)}", read, *others)
        return (f"{state}{self._lasting(table)}{_tasks(progress)}", f"{progress.rows:,}", *others)

    def _lasting(self, table: str) -> str:
        """Return how long a table is at its step, where that is long enough to wonder whether it lives."""
        seconds = self._clock() - self._since[table] if table in self._since else 0.0
        return f" {seconds:.0f} s" if seconds >= 1 else ""


def _tasks(progress: TaskProgress) -> str:
    """Return how many tasks are done, and how long the others take where that is long enough to wait for."""
    left = progress.seconds_left
    end = f", {left:.0f} s left" if left is not None and left >= 1 else ""
    return f" · {progress.tasks_done} of {progress.tasks} tasks{end}"


class JsonReport(Report):
    """Prints each event as a JSON object on a line when it comes; the last one has the whole result. Thread-safe."""

    def __init__(self) -> None:
        self._output = Output(as_json=True)
        self._lock = threading.Lock()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._say("run_started", pipeline=pipeline, tables=list(tables))

    def step_done(self, table: str, step: str) -> None:
        self._say("step_done", table=table, step=step)

    def table_finished(self, outcome: Outcome) -> None:
        self._say("table_finished", **outcome_json(outcome))

    def run_finished(self, result: RunResult) -> None:
        self._say("run_finished", **result_json(result))

    def run_failed(self, error: BaseException) -> None:
        self._say("run_failed", error={"class": type(error).__name__, "message": str(error)})

    def stream_started(self, progress: StreamProgress) -> None:
        self._say("stream_started", **msgspec.to_builtins(progress))

    def stream_progressed(self, progress: StreamProgress) -> None:
        self._say("stream_progressed", **msgspec.to_builtins(progress))

    def stream_ended(self, progress: StreamProgress) -> None:
        self._say("stream_ended", **msgspec.to_builtins(progress))

    def _say(self, event: str, **more: Any) -> None:
        record = {"event": event, "time": dt.datetime.now(dt.UTC).isoformat(), **more}
        with self._lock:
            self._output.record(record)
            sys.stdout.flush()
