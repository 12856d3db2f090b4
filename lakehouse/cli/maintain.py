"""``lakehouse maintain PATH``: arrange a table's files for its readers, where that pays. Without Spark."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import click

from lakehouse.cli.output import Output, json_option
from lakehouse.delta_log import Predicate, Snapshot, condition
from lakehouse.optimization import (
    Load,
    Outcome,
    QueryOptimizer,
    Strategy,
    Workload,
    filters_of_readers,
    size_text,
)

__all__ = ["command"]


@click.command("maintain")
@click.argument("path")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and what it would bring.")
@click.option("--cluster-by", metavar="COLUMNS", default="", help="Names, separated by commas; up to four.")
@click.option(
    "--filter",
    "filters",
    metavar="CONDITION",
    multiple=True,
    help="What readers ask for, such as \"country = 'France'\"; may be given again. By default the conditions of the "
    "pipelines that `validate` found in order.",
)
@click.option(
    "--strategy",
    "names",
    multiple=True,
    metavar="NAME",
    help=f"Only this one of {', '.join(Strategy.words)}.",
)
@click.option(
    "--reads",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    help="How often the table is read before it is maintained again.",
)
@click.option(
    "--file-size", type=click.IntRange(min=1), metavar="MB", help="By default from the table's size."
)
@click.option("--keep-version", type=click.IntRange(min=0), help="The oldest version that a reader needs.")
@click.option(
    "--ignore-readers", is_flag=True, help="Let vacuum delete what tables of the same warehouse need."
)
@json_option(by_line=True)
def command(
    path: str,
    *,
    dry_run: bool,
    cluster_by: str,
    filters: Sequence[str],
    names: Sequence[str],
    reads: float,
    file_size: int | None,
    keep_version: int | None,
    ignore_readers: bool,
    output: Output,
) -> None:
    """Bring small files together, sort rows for the conditions of readers, and clean up, where that pays.

    No row changes, and readers of new rows alone are not disturbed. What got worse is undone.
    """
    workload = Workload(
        filters=tuple(_conditions(path, filters)),
        cluster_by=tuple(name for part in cluster_by.split(",") if (name := part.strip())),
        target_file_bytes=None if file_size is None else file_size << 20,
        reads=reads,
        keep_from_version=keep_version,
        ignores_readers=ignore_readers,
    )
    optimizer = QueryOptimizer.made_for(workload, names=names)
    outcomes = optimizer.plan(path) if dry_run else optimizer.maintain(path)
    if output.as_json:
        for outcome in outcomes:
            output.record(_record(outcome))
        return
    output.lines(line for outcome in outcomes for line in _lines(outcome))
    if not outcomes:
        output.line("the table needs nothing")


def _conditions(path: str, texts: Sequence[str]) -> Iterable[Predicate]:
    snapshot = Snapshot.load(path)
    return [condition(text, snapshot.schema) for text in texts] or filters_of_readers(snapshot)


def _record(outcome: Outcome) -> dict[str, Any]:
    return {**dataclasses.asdict(outcome), "status": outcome.status.value}


def _lines(outcome: Outcome) -> Iterable[str]:
    yield f"{outcome.strategy}: {outcome.reason}: {outcome.status.value}"
    yield f"  predicted: {_change(outcome.predicted_before, outcome.predicted_after)}"
    if outcome.measured_before is not None and outcome.measured_after is not None:
        yield f"  measured:  {_change(outcome.measured_before, outcome.measured_after)}"
    if outcome.probe is not None:
        yield f"  probe:     {outcome.probe.before:.3f} s → {outcome.probe.after:.3f} s"
    if outcome.rewritten_bytes:
        yield f"  rewritten: {size_text(outcome.rewritten_bytes)}"


def _change(before: Load, after: Load) -> str:
    return f"{_text(before)} → {_text(after)}"


def _text(load: Load) -> str:
    return f"{load.files:,.1f} files, {size_text(load.size_bytes)}"
