"""The result of a run as a table: for each table how it ended, its counts, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lakehouse.pipelines.record.html import Cell, html_table
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX

__all__ = ["HEADINGS", "outcome_row", "result_html"]

HEADINGS = ("table", "state", "version", "read", "written", "dropped", "quarantined", "seconds")


def result_html(result: RunResult, folders: Mapping[str, str]) -> str:
    """Return the result for a notebook; ``folders`` has where each table lies."""
    title = f"{result.pipeline}: {result.status} in {result.seconds:.1f} s"
    rows = [outcome_row(outcome, folders[name]) for name, outcome in result.outcomes.items()]
    return html_table(title, HEADINGS, rows, _notes(result))


def outcome_row(outcome: Outcome, folder: str = "") -> Sequence[Cell]:
    """Return the row of a table, with links where it is known in which ``folder`` it lies."""
    match outcome:
        case Refreshed():
            last = outcome.refreshes[-1]
            return (Cell(text=outcome.table, place=folder), Cell(text="done"), *_counts(last, folder))
        case NothingNew():
            return (Cell(text=outcome.table, place=folder), Cell(text="nothing new"), *_NO_COUNTS)
        case Failed():
            return (Cell(text=outcome.table), Cell(text="failed"), *_NO_COUNTS)
        case Skipped():
            state = f"skipped: {outcome.because} failed"
            return (Cell(text=outcome.table), Cell(text=state), *_NO_COUNTS)


_NO_COUNTS = (Cell(text=""),) * (len(HEADINGS) - 2)


def _counts(refresh: Refresh, folder: str) -> Iterator[Cell]:
    tally = refresh.tally
    read = tally.rows_in if refresh.rows_read is None else refresh.rows_read
    aside = f"{folder}{QUARANTINE_SUFFIX}" if folder and (tally.quarantined or refresh.set_aside) else ""
    yield Cell(text=str(refresh.version), is_number=True)
    yield Cell(text=f"{read:,}", is_number=True)
    yield Cell(text=f"{tally.written:,}", is_number=True)
    yield Cell(text=f"{tally.dropped:,}", is_number=True)
    yield Cell(text=f"{tally.quarantined:,}", place=aside, is_number=True)
    yield Cell(text=f"{refresh.seconds:.1f}", is_number=True)


def _notes(result: RunResult) -> Iterator[str]:
    yield from result.warnings
    for failed in result.failures:
        yield f"{failed.table}: {failed.error}"
    for table, inputs in result.set_aside.items():
        for name, reason in inputs.items():
            yield f"{table} set {name} aside: {reason}"
