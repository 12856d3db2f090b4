"""``lakehouse plan NAME``: what a run would do now, table by table, and why."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable

import click
from rich.table import Table

from lakehouse.cli.console import wide_console
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.cli.validate import resolution_of
from lakehouse.pipelines import RefreshContext, TablePlan, plan_run, select_tables

__all__ = ["command"]


def _plan(request: PipelineRequest) -> int:
    """Say what ``run`` would do for pipeline NAME, and why. Checks the definition; reads no data."""
    resolution = resolution_of(request)
    resolution.check()
    context = RefreshContext(
        pipeline=resolution.definition.name,
        open_session=request.open_session,
        warehouse=request.warehouse(),
        tables=resolution.graph.tables,
    )
    selected = select_tables(resolution.graph, request.select)
    found = [each for name, each in plan_run(resolution.graph, context).items() if name in selected]
    if request.as_json:
        columns = {each.table: resolution.schemas[each.table].simpleString() for each in found}
        tables = [dataclasses.asdict(each) | {"schema": columns[each.table]} for each in found]
        click.echo(json.dumps({"pipeline": resolution.definition.name, "tables": tables}, indent=2))
    else:
        wide_console().print(_drawn(found))
    return ExitCode.FINE


def _drawn(found: Iterable[TablePlan]) -> Table:
    table = Table()
    for heading in ("table", "layer", "written by", "version", "would", "why"):
        table.add_column(heading)
    for each in found:
        version = "—" if each.version is None else str(each.version)
        would = "run" if each.would_run else "rest"
        table.add_row(each.table, each.layer, each.write, version, would, each.why)
    return table


command = click.command("plan")(pipeline_options(_plan))
