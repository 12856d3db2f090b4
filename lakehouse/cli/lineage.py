"""``lakehouse lineage NAME [TABLE[.COLUMN]]``: where columns come from, and where they go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.known_lineage import known_lineage
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.pipelines import (
    ColumnName,
    Edge,
    PipelineLineage,
    TableLineage,
    UnknownOriginError,
    graph_of,
    select_tables,
)

__all__ = ["command"]

_Way = Literal["upstream", "downstream"]


@click.option("--downstream", is_flag=True, help="Only where a column goes.")
@click.option("--upstream", is_flag=True, help="Only where a column comes from.")
@pipeline_options
def _lineage(request: PipelineRequest, *, target: str | None, upstream: bool, downstream: bool) -> int:
    """Say where the columns of pipeline NAME come from: of all tables, of one TABLE, or of one TABLE.COLUMN.

    Nothing is read but plans. A session is started only where the definition changed since the last answer.
    """
    lineage = known_lineage(request)
    if target is None:
        selected = select_tables(
            graph_of(request.definition().with_variables(request.variables)), request.select
        )
        _show_tables(request, [table for name, table in lineage.tables.items() if name in selected])
    elif target in lineage.tables:
        _show_tables(request, [lineage.tables[target]])
    else:
        given: dict[_Way, bool] = {"upstream": upstream, "downstream": downstream}
        ways = [way for way, is_asked in given.items() if is_asked] or list(given)
        _show_column(request, lineage, _column(lineage, target), ways)
    return ExitCode.FINE


def _column(lineage: PipelineLineage, target: str) -> ColumnName:
    for name, table in lineage.tables.items():
        column = target.removeprefix(f"{name}.")
        if column != target and column in table.columns:
            return ColumnName(name, column)
    columns = (f"{name}.{column}" for name, table in lineage.tables.items() for column in table.columns)
    raise UnknownOriginError(name=target, known=[*lineage.tables, *columns])


def _show_tables(request: PipelineRequest, tables: Iterable[TableLineage]) -> None:
    output = request.output
    if output.as_json:
        output.document({"pipeline": request.name, "tables": [_table_json(table) for table in tables]})
        return
    found = list(tables)
    rows = [row for table in found for row in _rows(table)]
    output.table(("table", "column", "type", "comes from", "made at"), rows)
    for table in found:
        if table.rows:
            output.line(f"{table.table}: its rows depend on {', '.join(map(str, table.rows))}")
        for step in table.opaque:
            output.line(f"{table.table}: {step.place}: columns can't be followed through {step.label}")


def _rows(table: TableLineage) -> Iterator[tuple[str, ...]]:
    for column, edges in table.columns.items():
        origin = ", ".join(map(str, edges)) or "constant"
        yield (table.table, column, table.types[column], origin, table.made_at[column])


def _show_column(
    request: PipelineRequest, lineage: PipelineLineage, column: ColumnName, ways: Iterable[_Way]
) -> None:
    output = request.output
    reached = {way: getattr(lineage, way)(column) for way in ways}
    if output.as_json:
        answer = {way: [_edge_json(edge) for edge in edges] for way, edges in reached.items()}
        output.document({"pipeline": request.name, "column": str(column), **answer})
        return
    table = lineage.tables[column.table]
    output.line(f"{column}  {table.types[column.column]}, made at {table.made_at[column.column]}")
    titles = {"upstream": "comes from", "downstream": "goes into"}
    for way, edges in reached.items():
        direct = [edge for edge in edges if edge.how.is_direct]
        indirect = dict.fromkeys(edge.source for edge in edges if not edge.how.is_direct)
        beside = [each for each in indirect if all(edge.source != each for edge in direct)]
        output.line(f"{titles[way]}: {', '.join(map(str, direct)) or 'nothing else'}")
        if beside:
            output.line(f"  by choice of rows: {', '.join(map(str, beside))}")


def _table_json(table: TableLineage) -> dict[str, Any]:
    return {
        "table": table.table,
        "columns": [
            {
                "column": name,
                "type": table.types[name],
                "made_at": table.made_at[name],
                "inputs": [_edge_json(edge) for edge in edges],
            }
            for name, edges in table.columns.items()
        ],
        "rows": [_edge_json(edge) for edge in table.rows],
        "opaque": [{"step": each.label, "place": each.place} for each in table.opaque],
    }


def _edge_json(edge: Edge) -> dict[str, str]:
    kind, subtype = edge.how.value
    return {
        "table": edge.source.table,
        "column": edge.source.column,
        "type": kind,
        "subtype": subtype,
    }


command = click.command("lineage")(_lineage)
command.params.append(click.Argument(["target"], required=False, metavar="[TABLE[.COLUMN]]"))
