"""A stream on a terminal: for each table what it is at, how fast it was, what waits for it, and how large it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from lakehouse.cli.run_text import outcome_lines
from lakehouse.cli.stream_report import StreamReport, stream_title
from lakehouse.masking import masked
from lakehouse.pipelines import Failed, Outcome, StreamProgress, TableProgress, Waiting

__all__ = ["LiveStreamReport", "waiting_words"]

_COLUMNS = ("batches", "rows", "rows/s", "waits", "visible after", "size")


class LiveStreamReport(StreamReport):
    """Keeps a table on the terminal up to date; failures and warnings are printed above it. Thread-safe."""

    def __init__(
        self,
        warehouse: str,
        console: Console | None = None,
        *,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        super().__init__(warehouse)
        self._console = console or Console()
        self._now = now
        self._progress: StreamProgress | None = None
        self._steps: dict[str, str] = {}
        """What each table is at that is in work."""
        self._live = Live(console=self._console, refresh_per_second=4, get_renderable=self._drawn)

    def close(self) -> None:
        self._live.stop()

    def stream_started(self, progress: StreamProgress) -> None:
        self.stream_progressed(progress)
        self._live.start()

    def stream_decided(self, progress: StreamProgress) -> None:
        self.stream_progressed(progress)

    def stream_progressed(self, progress: StreamProgress) -> None:
        with self._lock:
            self._progress = progress

    def step_done(self, table: str, step: str) -> None:
        with self._lock:
            self._steps[table] = f"{step} ✓"

    def table_finished(self, outcome: Outcome) -> None:
        with self._lock:
            self._steps.pop(outcome.table, None)
        if isinstance(outcome, Failed):
            for line in outcome_lines(outcome):
                self._say(line)

    def stream_ended(self, progress: StreamProgress) -> None:
        self.stream_progressed(progress)
        self.close()
        super().stream_ended(progress)

    def _say(self, line: str) -> None:
        self._console.print(masked(line), highlight=False, markup=False)

    def _drawn(self) -> Table:
        with self._lock:
            progress, steps = self._progress, dict(self._steps)
        drawn = Table(title=stream_title(progress) if progress else "", title_justify="left")
        drawn.add_column("table")
        drawn.add_column("state")
        for heading in _COLUMNS:
            drawn.add_column(heading, justify="right")
        for name, table in progress.tables.items() if progress else ():
            drawn.add_row(name, steps.get(name) or _state(table), *self._numbers(table))
        return drawn

    def _numbers(self, table: TableProgress) -> Iterator[str]:
        yield f"{table.micro_batches:,}"
        yield f"{table.rows_in:,}"
        yield f"{table.rows_per_second:,.0f}" if table.micro_batches else ""
        yield waiting_words(table.waiting, now=self._now())
        yield "" if table.waited_seconds is None else f"{table.waited_seconds:.1f} s"
        yield "" if table.state_bytes is None else _size(table.state_bytes)


def waiting_words(waiting: Waiting | None, *, now: dt.datetime) -> str:
    """Return how many inputs wait, and since how many seconds; empty where nobody knows."""
    if waiting is None:
        return ""
    counted = f"{waiting.count:,} {waiting.unit}"
    if not waiting.since:
        return counted
    return f"{counted}, {(now - dt.datetime.fromisoformat(waiting.since)).total_seconds():,.0f} s"


def _state(table: TableProgress) -> str:
    if table.error:
        return "failed"
    return "up to date" if table.micro_batches else "waits"


def _size(size_bytes: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:,.0f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:,.1f} TiB"
