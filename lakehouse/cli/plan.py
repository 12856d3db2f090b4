"""``lakehouse plan NAME``: what a run would do now, table by table, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, full_refresh_options, pipeline_options
from lakehouse.cli.validate import resolution_of
from lakehouse.pipelines import (
    KeptContracts,
    RefreshContext,
    Resolution,
    TablePlan,
    plan_run,
    rebuilt_tables,
    schema_changes,
    select_tables,
)
from lakehouse.quality import contract_changes

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
    changes = _changes(resolution, context, [each.table for each in found])
    if request.output.as_json:
        columns = {each.table: resolution.schemas[each.table].simpleString() for each in found}
        tables = [
            dataclasses.asdict(each)
            | {
                "schema": columns[each.table],
                "changes": changes[each.table],
            }
            for each in found
        ]
        request.output.document({"pipeline": resolution.definition.name, "tables": tables})
    else:
        headings = ("table", "layer", "written by", "version", "would", "why")
        request.output.table(headings, [_row(each) for each in found], numbers=("version",))
        for each in found:
            request.output.lines(f"{each.table}: {change}" for change in changes[each.table])
        request.output.lines(f"{each.table}: {note}" for each in found for note in each.notes)
    return ExitCode.FINE


def _changes(
    resolution: Resolution, context: RefreshContext, tables: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Return what the definition and contracts change in tables that stand, each change classed, by table."""
    return {
        name: [*_schema_changes(resolution, context, name), *_contract_changes(resolution, context, name)]
        for name in tables
    }


def _schema_changes(resolution: Resolution, context: RefreshContext, name: str) -> Iterator[str]:
    state = None if name in context.rebuilt.tables else context.state(name)
    if state is not None:
        readers = [other for other, inputs in resolution.graph.inputs.items() if name in inputs]
        found = schema_changes(state.schema, resolution.schemas[name], readers=sorted(readers))
        yield from map(str, found)


def _contract_changes(resolution: Resolution, context: RefreshContext, name: str) -> Iterator[str]:
    table = resolution.graph.tables[name]
    kept = KeptContracts(context.warehouse, layer=table.layer, table=table.folder).newest()
    if table.agreed is None or kept is None:
        return
    for each in contract_changes(kept, table.agreed.document):
        if each.table in ("", *table.agreed.table.names):
            breaking = "breaking" if each.is_breaking else "not breaking"
            yield f"the contract: {'' if each.column is None else repr(each.column) + ' '}{each.what}: {breaking}"


def _row(planned: TablePlan) -> tuple[str, ...]:
    version = "—" if planned.version is None else str(planned.version)
    would = "run" if planned.would_run else "skip"
    return (planned.table, planned.layer, planned.write, version, would, planned.why)


command = click.command("plan")(_plan)
