"""The result of a run in words: a table's counts, what a reader should know about them, where to look next."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.cli.refresh_words import refreshed_by
from lakehouse.pipelines import Failed, NothingNew, Outcome, Refresh, Refreshed, RunResult, Skipped

__all__ = ["MARKS", "cells", "closing_lines", "failure_lines", "notes", "outcome_lines"]

_SHOWN = 5
"""So many files that are set aside are named; a command names them all."""

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
            first, *others = failure_lines(outcome)
            yield f"{name} {first}"
            yield from others
        case Skipped():
            yield f"{name} because {outcome.because} failed"
    yield from notes(outcome)


def notes(outcome: Outcome) -> Iterator[str]:
    """Say what a reader of the counts should know: rules that were broken, files that were set aside."""
    if not isinstance(outcome, Refreshed):
        return
    for refresh in outcome.refreshes:
        for step in refresh.steps:
            if step.rows_in != step.rows_out and not step.made:
                yield f"  {outcome.table}: {step.step} took out {step.rows_in - step.rows_out:,} rows"
        for rule, broken in refresh.tally.broken.items():
            if broken:
                yield f"  {outcome.table}: {broken:,} rows break {rule}"
        if how := refresh.inputs.get("refresh"):
            yield f"  {outcome.table}: {refreshed_by(str(how), refresh.details)}"
        yield from _set_aside(outcome.table, refresh)


def failure_lines(outcome: Failed) -> Iterator[str]:
    """Say why a table failed, once: its error, and what lies under it where the error does not say that."""
    yield str(outcome.error)
    if outcome.cause not in str(outcome.error):
        yield f"  {outcome.table}: {outcome.cause}"


def _set_aside(table: str, refresh: Refresh) -> Iterator[str]:
    shown = list(refresh.set_aside.items())
    for name, reason in shown[:_SHOWN]:
        yield f"  warning: {table} set {name} aside: {reason}"
    if len(shown) > _SHOWN:
        more = f"{len(shown) - _SHOWN} more files"
        yield f"  warning: {table} set {more} aside: lakehouse quarantine show {table}"


def _counts(refresh: Refresh) -> str:
    tally = refresh.tally
    files = f"{refresh.details['files']:,} files, " if "files" in refresh.details else ""
    read = "" if refresh.rows_read is None else f"read {refresh.rows_read:,}, "
    made = "".join(
        f"{each.step.partition('(')[0]} made {each.rows_out:,}, " for each in refresh.steps if each.made
    )
    aside = f", dropped {tally.dropped:,}, quarantined {tally.quarantined:,}" if tally.broken else ""
    counts = f"{files}{read}{made}written {tally.written:,}{aside}"
    return f"{counts}  ({refresh.seconds:.1f} s, {_rate(refresh)} rows/s)"


def _rate(refresh: Refresh) -> str:
    rows = refresh.tally.rows_in if refresh.rows_read is None else refresh.rows_read
    return f"{rows / max(refresh.seconds, 0.001):,.0f}"


def cells(outcome: Outcome) -> tuple[str, ...]:
    mark = MARKS[type(outcome)]
    if not isinstance(outcome, Refreshed):
        return (mark, "", "", "", "", "")
    last = outcome.refreshes[-1]
    tally = last.tally
    read = tally.rows_in if last.rows_read is None else last.rows_read
    numbers = (read, tally.written, tally.dropped, tally.quarantined)
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
        yield f"look at one: lakehouse table cat {warehouse}/{layer}/{last.table.rpartition('.')[2]}"
