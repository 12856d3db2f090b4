"""The result of a run in words: a table's counts, what a reader should know about them, where to look next."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.cli.refresh_words import refreshed_by
from lakehouse.pipelines import Failed, NothingNew, Outcome, Refresh, Refreshed, RunResult, Skipped

__all__ = ["MARKS", "cells", "closing_lines", "notes", "outcome_lines"]

MARKS: dict[type[Outcome], str] = {
    Refreshed: "done",
    NothingNew: "nothing new",
    Failed: "failed",
    Skipped: "skipped",
}
"""How each outcome is named, in text and in JSON."""


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    name = f"{outcome.table:<20} {MARKS[type(outcome)]:<12}"
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
    yield from notes(outcome)


def notes(outcome: Outcome) -> Iterator[str]:
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
        if how := refresh.inputs.get("refresh"):
            yield f"  {outcome.table}: {refreshed_by(str(how), refresh.details)}"
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


def cells(outcome: Outcome) -> tuple[str, ...]:
    mark = MARKS[type(outcome)]
    if not isinstance(outcome, Refreshed):
        return (mark, "", "", "", "", "")
    last = outcome.refreshes[-1]
    tally = last.tally
    numbers = (tally.rows_in, tally.written, tally.dropped, tally.quarantined)
    return (f"{mark} {last.seconds:.1f} s", *(f"{number:,}" for number in numbers), _rate(last))


def closing_lines(result: RunResult, warehouse: str) -> Iterator[str]:
    for warning in result.warnings:
        yield f"warning: {warning}"
    yield f"{result.status} in {result.seconds:.1f} s; the tables are in {warehouse}"
    yield f"what happened: lakehouse history --warehouse {warehouse}"
    tables = [outcome for outcome in result.outcomes.values() if isinstance(outcome, Refreshed)]
    if tables:
        last = tables[-1]
        layer = last.refreshes[-1].layer
        yield f"look at one: lakehouse table cat {warehouse}/{layer}/{last.table}"
