"""What is wrong with a definition as it is written: all that can be said without Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.check.graph import tables_by_name
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.errors import (
    ChangingInputError,
    DuplicateRuleError,
    InvalidNameError,
    InvalidOptionsError,
    InvalidRuleError,
    InvalidStepError,
    NewRowsReplaceError,
    NotIncrementalError,
    NoWriteModeError,
    PartialGroupsError,
    QuarantineNameError,
    RowsWithoutPartError,
    UnknownLayerError,
    WholeReadAppendedError,
)
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.groups import NotGrouped, grouped_flow
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX
from lakehouse.quality import is_reserved_rule

__all__ = ["declaration_problems"]


def declaration_problems(definition: PipelineDefinition) -> list[DefinitionError]:
    """Return what is wrong with names, layers, rules, sources and write modes, table by table."""
    definition = definition.resolved()
    tables = tables_by_name({table.name: table for table in definition.tables})
    return [
        problem
        for table in definition.tables
        for find in (_names, _layer, _rules, _views_in_rules, _views_in_pairs, _parts, _writing)
        for problem in find(table, tables)
    ]


def _names(table: TableDefinition, tables: Mapping[str, TableDefinition]) -> Iterator[DefinitionError]:
    for name in (table.folder, table.layer):
        if not (name.isascii() and name.isidentifier() and name == name.lower()):
            yield InvalidNameError(name=name, location=table.location)
    if table.name not in (table.folder, f"{table.layer}.{table.folder}"):
        yield InvalidNameError(name=table.name, location=table.location)
    owner = tables.get(f"{table.layer}.{table.folder.removesuffix(QUARANTINE_SUFFIX)}")
    if owner is not None and owner.folder != table.folder:
        yield QuarantineNameError(name=table.name, owner=owner.name, location=table.location)


def _layer(table: TableDefinition, tables: Mapping[str, TableDefinition]) -> Iterator[DefinitionError]:
    layers = PipelineFactory.layers()
    if table.layer not in layers:
        yield UnknownLayerError(layer=table.layer, table=table.name, known=layers, location=table.location)


def _rules(table: TableDefinition, tables: Mapping[str, TableDefinition]) -> Iterator[DefinitionError]:
    seen: Counter[str] = Counter()
    for rule in table.flow.rules:
        other = "another rule" if seen[rule.name] else None
        other = "one of the library's own" if is_reserved_rule(rule.name) else other
        if other is not None:
            yield DuplicateRuleError(rule=rule.name, table=table.name, other=other, location=rule.location)
        seen[rule.name] += 1


def _views_in_rules(
    table: TableDefinition, tables: Mapping[str, TableDefinition]
) -> Iterator[DefinitionError]:
    for rule in table.flow.rules:
        for reference in rule.tables():
            if reference.table in table.views:
                wrong = f"the view {reference.table!r} to look rows up in"
                fix = "make it a table, or name the table that it reads."
                yield InvalidRuleError(rule=rule.name, wrong=wrong, fix=fix, location=rule.location)


def _views_in_pairs(
    table: TableDefinition, tables: Mapping[str, TableDefinition]
) -> Iterator[DefinitionError]:
    for reference in table.flow.source.tables():
        if reference.table in table.views:
            wrong = f"the view {reference.table!r}"
            fix = "make it a table, or name the table that it reads."
            yield InvalidStepError(
                step=table.flow.source.label, wrong=wrong, fix=fix, location=reference.location
            )


def _parts(table: TableDefinition, tables: Mapping[str, TableDefinition]) -> Iterator[DefinitionError]:
    yield from table.options.problems(table=table.name, location=table.location)
    yield from table.flow.source.problems()
    for rule in table.flow.rules:
        yield from rule.problems()
    for step in table.all_steps:
        yield from step.problems()


def _writing(table: TableDefinition, tables: Mapping[str, TableDefinition]) -> Iterator[DefinitionError]:
    source, mode, where = table.flow.source, table.flow.write_mode, table.location
    if mode is None:
        yield NoWriteModeError(table=table.name, location=where)
        return
    for step in table.flow.steps:
        yield from step.problems_with(mode.old_rows)
        yield from step.problems_from(gives_all_rows=source.gives_all_rows)
    yield from mode.problems(location=where)
    compares = any(step.compares_with_target(mode.old_rows) for step in table.flow.steps)
    yield from source.problems_with(mode.old_rows, compares=compares)
    if source.gives_all_rows is True and mode.old_rows is OldRows.STAY and not compares:
        yield WholeReadAppendedError(table=table.name, source=source.label, location=where)
    if mode.old_rows is OldRows.STAY and not compares:
        for step in table.flow.steps:
            if step.adds_whole_tables:
                yield WholeReadAppendedError(table=table.name, source=step.label, location=step.location)
    if source.gives_all_rows is False and mode.old_rows in (OldRows.GO, OldRows.PARTS_GO):
        yield NewRowsReplaceError(table=table.name, source=source.label, location=where)
    if source.gives_all_rows is False and mode.old_rows in (OldRows.MAY_CHANGE, OldRows.DECIDED):
        for step in table.flow.steps:
            if step.combines_rows:
                yield PartialGroupsError(table=table.name, step=step.label, location=step.location)
    if mode.old_rows is OldRows.PARTS_GO:
        for step in table.flow.steps:
            if step.sets_rows_aside:
                yield RowsWithoutPartError(table=table.name, step=step.label, location=step.location)
    yield from _changing_inputs(table, tables)
    yield from _policy(table)
    yield from _changing_schema(table)


def _changing_schema(table: TableDefinition) -> Iterator[DefinitionError]:
    mode = table.flow.write_mode
    if mode is None or mode.changes is None:
        return
    asked = {
        "contract data_type='evolve'": table.terms.data_type == "evolve",
        "renamed": bool(table.options.renamed),
    }
    for wrong in (what for what, is_asked in asked.items() if is_asked):
        fix = f"leave it out, and run with --full-refresh {table.name} where the table is to change so."
        what = f"{wrong} with {mode.name}, which keeps earlier changes as they came"
        yield InvalidOptionsError(table=table.name, wrong=what, fix=fix, location=table.location)


def _policy(table: TableDefinition) -> Iterator[DefinitionError]:
    layer = PipelineFactory.layers().get(table.layer)
    if table.options.refresh_policy != "incremental" or layer is None:
        return
    flow = grouped_flow(table)
    if not layer.refreshes_by_groups:
        reason = f"tables in the layer {table.layer!r} are not brought up to date by groups"
        yield NotIncrementalError(table=table.name, reason=reason, location=table.location)
    elif isinstance(flow, NotGrouped):
        yield NotIncrementalError(table=table.name, reason=flow.reason, location=flow.location)


def _changing_inputs(
    table: TableDefinition, tables: Mapping[str, TableDefinition]
) -> Iterator[DefinitionError]:
    source = table.flow.source
    for reference in source.tables() if source.gives_all_rows is False else ():
        upstream = tables.get(reference.table)
        mode = upstream.flow.write_mode if upstream is not None else None
        if mode is not None and mode.old_rows is OldRows.GO:
            yield ChangingInputError(
                table=table.name, source=reference.table, mode=mode.name, location=reference.location
            )
