"""How a run looks while it goes: a live table on a terminal, plain lines elsewhere, JSON for programs.

A report is a context: when it is left, by an error too, the terminal is as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from lakehouse.cli.output import Output
from lakehouse.cli.run_json import result_json
from lakehouse.cli.run_text import cells, closing_lines, failure_lines, notes, outcome_lines
from lakehouse.pipelines import Failed, Outcome, RunListener, RunResult

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
            click.echo(line)


class LiveReport(Report):
    """Fills a table on the terminal while the run goes. Thread-safe."""

    def __init__(self, warehouse: str, console: Console | None = None) -> None:
        self._warehouse = warehouse
        self._console = console or Console()
        self._rows: dict[str, tuple[str, ...]] = {}
        self._title = ""
        self._notes: list[str] = []
        self._lock = threading.Lock()
        self._live = Live(console=self._console, refresh_per_second=8)

    def close(self) -> None:
        """Stop the live table: show the cursor, end its thread, release stdout and stderr."""
        self._live.stop()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._title = pipeline
        self._rows = dict.fromkeys(tables, ("waits", "", "", "", "", ""))
        self._live.start()
        self._draw()

    def step_done(self, table: str, step: str) -> None:
        self._set(table, (f"{step} ✓", *self._rows.get(table, ("",) * 6)[1:]))

    def table_finished(self, outcome: Outcome) -> None:
        self._notes += notes(outcome)
        if isinstance(outcome, Failed):
            first, *others = failure_lines(outcome)
            self._notes += [f"  {outcome.table}: {first}", *others]
        self._set(outcome.table, cells(outcome))

    def run_finished(self, result: RunResult) -> None:
        self.close()
        for line in (*self._notes, *closing_lines(result, self._warehouse)):
            self._console.print(line, highlight=False, markup=False)

    def _set(self, table: str, row: tuple[str, ...]) -> None:
        with self._lock:
            self._rows[table] = row
            self._draw()

    def _draw(self) -> None:
        drawn = Table(title=self._title, title_justify="left")
        drawn.add_column("table")
        drawn.add_column("state")
        for heading in ("read", "written", "dropped", "quarantined", "rows/s"):
            drawn.add_column(heading, justify="right")
        for table, row in self._rows.items():
            drawn.add_row(table, *row)
        self._live.update(drawn)


class JsonReport(Report):
    """Prints the whole result as one JSON document, at the end."""

    def run_finished(self, result: RunResult) -> None:
        Output(as_json=True).document(result_json(result))
