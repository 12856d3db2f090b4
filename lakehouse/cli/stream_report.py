"""How a stream looks while it goes: what each micro-batch brought its tables, and how far behind they are."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.cli.run_report import PlainReport
from lakehouse.cli.run_text import outcome_lines
from lakehouse.pipelines import (
    NothingNew,
    Outcome,
    RunResult,
    StreamProgress,
    TableProgress,
)

__all__ = ["StreamReport", "stream_title"]


class StreamReport(PlainReport):
    """Prints a line for each table that a micro-batch refreshed, and one for the micro-batch. Thread-safe."""

    def __init__(self, warehouse: str) -> None:
        super().__init__(warehouse)
        self._last: dict[str, TableProgress] = {}

    def run_started(self, pipeline: str, tables: object) -> None:
        """A micro-batch is said when it is done."""

    def table_finished(self, outcome: Outcome) -> None:
        if not isinstance(outcome, NothingNew):
            for line in outcome_lines(outcome):
                self._say(line)

    def run_finished(self, result: RunResult) -> None:
        for warning in result.warnings:
            self._say(f"warning: {warning}")

    def run_failed(self, error: BaseException) -> None:
        self._say(f"a micro-batch failed: {error}")

    def stream_started(self, progress: StreamProgress) -> None:
        self._say(stream_title(progress))

    def stream_progressed(self, progress: StreamProgress) -> None:
        before, self._last = self._last, dict(progress.tables)
        told = [
            f"{name} {_speed(table)}"
            for name, table in progress.tables.items()
            if table.waiting is not None and table.batch is not None and table != before.get(name)
        ]
        if told:
            self._say(f"micro-batch {progress.micro_batches}: {'; '.join(told)}")

    def stream_ended(self, progress: StreamProgress) -> None:
        self._say(f"ended by {progress.ended_by} after {progress.micro_batches} micro-batches")
        self._say(f"how it stands: lakehouse status --warehouse {self._warehouse}")


def stream_title(progress: StreamProgress) -> str:
    """Return what a stream is, in a few words."""
    looks = f", each {progress.trigger_seconds:g} s" if progress.mode == "continuous" else ""
    return f"{progress.pipeline}: a stream, {progress.mode}{looks}"


def _speed(table: TableProgress) -> str:
    return ", ".join(_words(table))


def _words(table: TableProgress) -> Iterator[str]:
    yield f"{table.rows_in:,} rows ({table.rows_per_second:,.0f} rows/s)"
    if table.waited_seconds is not None:
        yield f"visible {table.waited_seconds:.1f} s after the first of them came"
    if table.waiting is not None:
        yield f"{table.waiting.count:,} {table.waiting.unit} wait"
