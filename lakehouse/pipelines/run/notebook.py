"""How a run goes, in the cell of a notebook that started it: a table that fills while tables are refreshed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from html import escape
from typing import Any, Protocol

from lakehouse.pipelines.record.html import Cell, html_table
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Outcome, RunResult
from lakehouse.pipelines.record.result_table import HEADINGS, outcome_row

__all__ = ["Display", "NotebookProgress", "listener_of_this_place"]


class Display(Protocol):
    """A place below a cell whose content can be changed."""

    def show(self, html: str) -> None:
        """Put this in place of what is shown."""


class NotebookProgress(RunListener):
    """Shows each table of a run: that it waits, the last step that is done, then its counts. Thread-safe."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._lock = threading.Lock()
        self._title = ""
        self._rows: dict[str, Sequence[Cell]] = {}

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._title = f"{pipeline}: {len(tables)} tables"
        self._rows = {table: _waiting(table, "waits") for table in tables}
        self._draw()

    def step_done(self, table: str, step: str) -> None:
        with self._lock:
            self._rows[table] = _waiting(table, f"{step} ✓")
            self._draw()

    def table_finished(self, outcome: Outcome) -> None:
        with self._lock:
            self._rows[outcome.table] = outcome_row(outcome)
            self._draw()

    def run_finished(self, result: RunResult) -> None:
        # The result shows itself as the cell's value; it need not stand there twice.
        self._display.show(
            f"<p>{escape(f'{result.pipeline}: {result.status} in {result.seconds:.1f} s')}</p>"
        )

    def run_failed(self, error: BaseException) -> None:
        with self._lock:
            self._title = f"{self._title}: stopped by {type(error).__name__}"
            self._draw()

    def _draw(self) -> None:
        self._display.show(html_table(self._title, HEADINGS, self._rows.values(), ()))


def listener_of_this_place() -> RunListener:
    """Return who shows a run where it was started: in a notebook a table, elsewhere nobody."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return NotebookProgress(_Cell()) if hasattr(shell, "kernel") else RunListener()


class _Cell:
    """The place below the cell that runs now."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, html: str) -> None:
        display: Any = sys.modules["IPython"].display
        if self._handle is None:
            self._handle = display.display(display.HTML(html), display_id=True)
        else:
            self._handle.update(display.HTML(html))


def _waiting(table: str, state: str) -> Sequence[Cell]:
    return (Cell(text=table), Cell(text=state), *(Cell(text=""),) * (len(HEADINGS) - 2))
