"""Walks the flow of a table on empty frames, and keeps the frames that its lineage is read from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.check.empty_rules import empty_rules
from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.steps.failed_casts import has_failed_casts
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import SourceLocation

__all__ = ["Choice", "TableTrace", "TracedFrame", "trace_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedFrame:
    """An empty frame, and the step that it comes out of."""

    location: SourceLocation
    frame: DataFrame
    step: Step | None = None
    """None for the source's frame, and for what the write mode makes of the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Columns that decide which rows are written: what rules or casts find wrong."""

    frame: DataFrame
    column: str | None = None
    """None for all columns of the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTrace:
    """The frames of one table."""

    table: str
    frames: tuple[TracedFrame, ...]
    """The source's, that behind each step, and last the one that is written."""
    choices: tuple[Choice, ...] = ()
    keys: Sequence[str] = ()
    """Columns by which the write mode tells which rows it replaces."""


def trace_of(table: TableDefinition, empty: EmptyTables) -> TableTrace:
    """Return the frames of a table that was checked; ``empty`` has the tables that it reads."""
    source, mode = table.flow.source, table.flow.write_mode
    beside = WithViews(tables=empty, views=table.views)
    if len(source.tables()) > 1:
        frame = source.beside(beside, empty.spark)
    else:
        frame = empty.frame(source.schema(empty.schemas), of=source.whole_table or source.label)
    frames = [TracedFrame(location=source.location, frame=frame)]
    choices = []
    for step in table.all_steps:
        if has_failed_casts(frame) and not step.keeps_failed_casts:
            choices.append(Choice(frame=frame, column=CAST_ERRORS))
            frame = frame.drop(CAST_ERRORS)  # rows with failed casts pass by such a step
        frame = step.apply(frame, beside)
        frames.append(TracedFrame(location=step.location, frame=frame, step=step))
    fit = table.fit(_written(table, frame).schema, None)
    if not fit.leaves_rows_alone:
        frame = fit.applied(frame)
        choices += [Choice(frame=frame, column=mark) for mark in fit.marks]
        frame = frame.drop(*fit.marks)
    choices += _by_rules(table, frame, empty)
    if has_failed_casts(frame):
        choices.append(Choice(frame=frame, column=CAST_ERRORS))
    frames.append(TracedFrame(location=table.location, frame=_written(table, frame)))
    return TableTrace(
        table=table.name,
        frames=tuple(frames),
        choices=tuple(choices),
        keys=mode.required_columns if mode is not None else (),
    )


def _written(table: TableDefinition, frame: DataFrame) -> DataFrame:
    """Return the rows as the table takes them, of those that come out of the last step."""
    mode, rows = table.flow.write_mode, frame.drop(CAST_ERRORS) if has_failed_casts(frame) else frame
    return rows if mode is None or mode.changes is None else mode.shown(rows)


def _by_rules(table: TableDefinition, frame: DataFrame, empty: EmptyTables) -> Iterator[Choice]:
    """Yield what rules look at that keep rows from the table; one that only counts rows keeps none."""
    mode, context = table.flow.write_mode, empty_rules(empty, own_names=table.own_names)
    own = mode.rules(table.location) if mode is not None else ()
    for rule in (*table.flow.rules, *own):
        broken = [each.broken() for each in rule.expectations()]
        if broken and rule.action != "warn":
            yield Choice(frame=rule.looked_up(frame, context).select(*broken))
