"""What a definition uses that a stream can't do: results that depend on where new rows are cut into batches."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.errors import DependsOnCutError

__all__ = ["stream_problems"]


def stream_problems(definition: PipelineDefinition) -> list[DefinitionError]:
    """Return what keeps a definition from being run as a stream, table by table; without Spark."""
    return [problem for table in definition.resolved().tables for problem in _problems(table)]


def _problems(table: TableDefinition) -> Iterator[DefinitionError]:
    mode = table.flow.write_mode
    if mode is None or table.flow.source.gives_all_rows is not False:
        return
    if (why := mode.why_by_cut()) is not None:
        fix = "name the column that tells which snapshot a row is of: sequence_by='_source_file'."
        yield DependsOnCutError(what=mode.name, why=why, table=table.name, location=table.location, fix=fix)
    for step in table.flow.steps:
        if (why := step.why_by_cut(mode.old_rows)) is not None:
            yield DependsOnCutError(what=step.label, why=why, table=table.name, location=step.location)
    for rule in table.flow.rules:
        if (why := rule.why_by_cut()) is not None:
            what = f"the rule {rule.name!r}"
            yield DependsOnCutError(what=what, why=why, table=table.name, location=rule.location)
