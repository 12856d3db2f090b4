"""``lakehouse validate NAME``: everything that is wrong with a definition, before any data is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, mode_option, pipeline_options
from lakehouse.errors import StorageError, closest_name
from lakehouse.optimization import keep_filters
from lakehouse.pipelines import (
    Resolution,
    existing_schema,
    filters_of,
    graph_of,
    rebuilt_tables,
    resolve,
    stream_problems,
)
from lakehouse.project import find_project

__all__ = ["command", "resolution_of"]


def resolution_of(request: PipelineRequest, *, full_refresh: Sequence[str] = ()) -> Resolution:
    """Resolve the requested definition against the existing tables, less those to be rebuilt."""
    definition = request.definition().with_variables(request.variables)
    warehouse = request.warehouse()
    rebuilt = rebuilt_tables(graph_of(definition), full_refresh).tables
    find = partial(existing_schema, warehouse, rebuilt=rebuilt)
    return resolve(definition, request.open_session(), existing=find, warehouse=warehouse)


@mode_option("Check also that it can be run so.")
@pipeline_options
def _validate(request: PipelineRequest, *, mode: str) -> int:
    """Check pipeline NAME on empty frames: every error at once, with file and line. Reads no data."""
    resolution = resolution_of(request)
    if mode != "batch":
        found = stream_problems(resolution.definition)
        resolution = dataclasses.replace(resolution, problems=(*resolution.problems, *found))
    if not resolution.problems:
        with suppress(StorageError):  # the definition is right all the same
            keep_filters(
                request.warehouse().storage, resolution.definition.name, filters_of(resolution.graph)
            )
    output = request.output
    if output.as_json:
        output.document(_as_json(resolution))
    else:
        output.lines(
            (*map(str, resolution.problems), *map(str, resolution.not_checked), *_meant_otherwise(request))
        )
        count = len(resolution.problems)
        output.line(f"{len(resolution.graph.tables)} tables, {count or 'no'} error{'s' * (count != 1)}")
    return ExitCode.WRONG_USE if resolution.problems else ExitCode.FINE


def _meant_otherwise(request: PipelineRequest) -> Iterator[str]:
    """Yield the values of the project's file that no variable takes, where one is called nearly so."""
    project = find_project()
    declared = [each.name for each in request.definition().variables]
    for name in project.variables:
        meant = closest_name(name, declared)
        if name not in declared and meant is not None and meant not in project.variables:
            yield f"note: {project.line_of(name)}: no variable is called {name!r}. Fix: did you mean {meant!r}?"


def _as_json(resolution: Resolution) -> dict[str, object]:
    return {
        "pipeline": resolution.definition.name,
        "errors": [
            {"class": type(problem).__name__, "message": str(problem)} for problem in resolution.problems
        ],
        "not_checked": [str(each) for each in resolution.not_checked],
        "tables": {name: schema.simpleString() for name, schema in resolution.schemas.items()},
    }


command = click.command("validate")(_validate)
