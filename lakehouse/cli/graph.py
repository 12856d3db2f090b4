"""``lakehouse graph NAME``: which table reads which, from the definition alone; for orchestrators."""

from __future__ import annotations

from typing import Any

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.pipelines import DefinitionErrors, TableDefinition, TableGraph, graph_of, select_tables

__all__ = ["command"]


@pipeline_options
def _graph(request: PipelineRequest) -> int:
    """Print the tables of pipeline NAME, each after all that it reads. Starts no session and reads no data."""
    graph = graph_of(request.definition().with_variables(request.variables))
    if graph.problems:
        raise DefinitionErrors(graph.problems)
    selected = select_tables(graph, request.select)
    tables = [graph.tables[name] for name in graph.order if name in selected]
    if request.output.as_json:
        document = {"pipeline": request.name, "tables": [_as_json(table, graph) for table in tables]}
        request.output.document(document)
    else:
        headings = ("table", "layer", "reads", "declared in")
        request.output.table(headings, [_row(table, graph) for table in tables])
    return ExitCode.FINE


def _row(table: TableDefinition, graph: TableGraph) -> tuple[str, ...]:
    reads = ", ".join(sorted(graph.inputs[table.name])) or table.flow.source.label
    return (table.name, table.layer, reads, str(table.location))


def _as_json(table: TableDefinition, graph: TableGraph) -> dict[str, Any]:
    mode = table.flow.write_mode
    return {
        "table": table.name,
        "layer": table.layer,
        "inputs": sorted(graph.inputs[table.name]),
        "source": table.flow.source.label,
        "written_by": mode.name if mode is not None else None,
        "comment": table.options.comment,
        "owner": table.options.owner,
        "tags": dict(table.options.tags),
        "declared_in": str(table.location),
    }


command = click.command("graph")(_graph)
