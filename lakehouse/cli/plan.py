"""``lakehouse plan NAME``: what a run would do now, table by table, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, full_refresh_options, pipeline_options
from lakehouse.cli.validate import resolution_of
from lakehouse.pipelines import RefreshContext, TablePlan, plan_run, rebuilt_tables, select_tables

__all__ = ["command"]


@full_refresh_options
@pipeline_options
def _plan(request: PipelineRequest, *, full_refresh: Sequence[str], accept_loss: bool) -> int:
    """Say what a run of pipeline NAME would do, and why. Checks the definition; reads no data."""
    resolution = resolution_of(request, full_refresh=full_refresh)
    resolution.check()
    context = RefreshContext(
        pipeline=resolution.definition.name,
        open_session=request.open_session,
        warehouse=request.warehouse(),
        tables=resolution.graph.tables,
        rebuilt=rebuilt_tables(resolution.graph, full_refresh, accepts_loss=accept_loss),
    )
    selected = select_tables(resolution.graph, request.select) | context.rebuilt.tables
    found = [each for name, each in plan_run(resolution.graph, context).items() if name in selected]
    if request.output.as_json:
        columns = {each.table: resolution.schemas[each.table].simpleString() for each in found}
        tables = [dataclasses.asdict(each) | {"schema": columns[each.table]} for each in found]
        request.output.document({"pipeline": resolution.definition.name, "tables": tables})
    else:
        headings = ("table", "layer", "written by", "version", "would", "why")
        request.output.table(headings, [_row(each) for each in found], numbers=("version",))
    return ExitCode.FINE


def _row(planned: TablePlan) -> tuple[str, ...]:
    version = "—" if planned.version is None else str(planned.version)
    would = "run" if planned.would_run else "skip"
    return (planned.table, planned.layer, planned.write, version, would, planned.why)


command = click.command("plan")(_plan)
