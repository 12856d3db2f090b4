"""Gathers a report from the definition, the last runs and the logs of the tables. No row of a table is read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.lineage import PipelineLineage, TableLineage
from lakehouse.pipelines.check.selection import select_tables
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.record.history import RunRecord
from lakehouse.pipelines.report.model import (
    Report,
    ReportColumn,
    ReportRule,
    ReportStep,
    ReportTable,
    State,
)
from lakehouse.pipelines.report.recorded_runs import TableInRun, entries_of, run_of, tables_in
from lakehouse.pipelines.report.stored_tables import StoredTable, quarantined_rows, stored_table
from lakehouse.pipelines.warehouse import Warehouse

__all__ = ["report_of"]

_TREND = 16
"""So many refreshes are shown of a rule."""


def report_of(
    definition: PipelineDefinition,
    *,
    warehouse: Warehouse,
    runs: Sequence[RunRecord] | None = (),
    earlier: Sequence[RunRecord] = (),
    lineage: PipelineLineage | None = None,
    select: Sequence[str] = (),
    samples: int = 0,
    made_at: dt.datetime | None = None,
) -> Report:
    """Return the report of a definition whose variables are filled in.

    ``runs``: the last ones, the newest first; None for a report that documents the definition alone.
    ``earlier``: older ones that tables took part in which took part in none of ``runs``.
    ``select``: the tables to show; all by default.
    ``samples``: how many rows of each quarantine are read and shown; these may hold personal data.
    """
    graph = graph_of(definition)
    selected = select_tables(graph, select)
    shown = [(record, tables_in(record)) for record in runs or ()]
    seen = [*shown, *((record, tables_in(record)) for record in earlier)]
    entries = entries_of(shown)
    tables = [
        _table(
            graph,
            graph.tables[name],
            [tables[name] for _, tables in seen if name in tables],
            is_of_last_run=bool(entries) and name in entries[0].tables,
            stored=stored_table(warehouse, graph.tables[name]),
            lineage=lineage.tables.get(name) if lineage is not None else None,
        )
        for name in graph.order
        if name in selected
    ]
    if samples:
        tables = [
            dataclasses.replace(
                table,
                quarantine=quarantined_rows(warehouse, graph.tables[table.name], limit=samples),
            )
            for table in tables
        ]
    return Report(
        pipeline=definition.name,
        made_at=made_at or dt.datetime.now(dt.UTC),
        warehouse=warehouse.root,
        tables=tables,
        runs=list(map(run_of, entries)),
        shows_runs=runs is not None,
        has_lineage=lineage is not None,
    )


def _table(
    graph: TableGraph,
    table: TableDefinition,
    taken_part: Sequence[TableInRun],
    *,
    is_of_last_run: bool,
    stored: StoredTable | None,
    lineage: TableLineage | None,
) -> ReportTable:
    last = taken_part[0] if taken_part else None
    refreshed = [each for each in taken_part if each.state is State.DONE]
    mode = table.flow.write_mode
    shown = ReportTable(
        name=table.name,
        layer=table.layer,
        place=str(table.location),
        written_by=mode.name if mode is not None else "",
        state=last.state if last is not None else State.NOT_RUN,
        reads=tuple(sorted(graph.inputs[table.name])),
        source=table.flow.source.label,
        comment=table.options.comment or "",
        owner=table.options.owner or "",
        tags=dict(table.options.tags),
        is_of_last_run=is_of_last_run,
        steps=_steps(table, refreshed[0] if refreshed else None),
        rules=_rules(table, refreshed[:_TREND]),
        columns=_columns(table, stored, lineage),
        rows_depend_on=tuple(map(str, lineage.rows)) if lineage is not None else (),
        opaque=tuple(f"{each.label}, {each.place}" for each in lineage.opaque) if lineage else (),
    )
    if stored is not None:
        shown = dataclasses.replace(
            shown,
            version=stored.version,
            committed_at=stored.committed_at,
            size_bytes=stored.size_bytes,
            files=stored.files,
        )
    if last is None:
        return shown
    return dataclasses.replace(
        shown,
        ran_at=last.run.started_at,
        because=last.because,
        failure=last.failure,
        rows=last.rows,
        refreshed_by=last.refreshed_by,
        seconds=last.seconds,
    )


def _steps(table: TableDefinition, refreshed: TableInRun | None) -> tuple[ReportStep, ...]:
    """Return the steps as declared, with what they took out; behind them what was counted beside steps."""
    counted = refreshed.counted_steps() if refreshed is not None else {}
    shown = []
    for step in table.all_steps:
        before, after = counted.pop(step.label, (None, None))
        shown.append(ReportStep(label=step.label, place=str(step.location), rows_in=before, rows_out=after))
    more = [
        ReportStep(label=label, place="", rows_in=before, rows_out=after)
        for label, (before, after) in counted.items()
    ]
    return (*shown, *more)


def _rules(table: TableDefinition, refreshed: Sequence[TableInRun]) -> tuple[ReportRule, ...]:
    mode = table.flow.write_mode
    own = mode.rules(table.location) if mode is not None else ()
    return tuple(
        ReportRule(
            name=rule.name,
            action=rule.action,
            place=str(rule.location),
            broken=tuple(each.broken_by(rule.name) for each in reversed(refreshed)),
        )
        for rule in (*table.flow.rules, *own)
    )


def _columns(
    table: TableDefinition, stored: StoredTable | None, lineage: TableLineage | None
) -> tuple[ReportColumn, ...]:
    """Return the columns that the table has, or else those that it is declared to get."""
    types: Mapping[str, str] = lineage.types if lineage is not None else {}
    there = {each.name: each for each in stored.columns} if stored is not None else {}
    expected = {name: ReportColumn(name=name, type=text) for name, text in types.items()}
    found = []
    for name, column in (there or expected).items():
        edges = lineage.columns.get(name, ()) if lineage is not None else ()
        direct = [edge for edge in edges if edge.how.is_direct]
        hows = dict.fromkeys(edge.how.word for edge in direct)
        found.append(
            dataclasses.replace(
                column,
                comment=table.options.columns.get(name, column.comment),
                sources=tuple(dict.fromkeys(str(edge.source) for edge in direct)),
                how=", ".join(hows),
            )
        )
    return tuple(found)
