"""Reads the lineage of a table off the plan of its empty frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from pyspark.sql import SparkSession

from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.check.lineage.model import (
    Edge,
    Influence,
    OpaqueStep,
    PipelineLineage,
    TableLineage,
)
from lakehouse.pipelines.check.lineage.operators import read_plan
from lakehouse.pipelines.check.lineage.plans import Plans, plans_of
from lakehouse.pipelines.check.lineage.touching import Edges, Promise, Touched, by_way_of
from lakehouse.pipelines.check.lineage.tracing import TableTrace, trace_of
from lakehouse.pipelines.check.validation import Resolution
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.table_names import ByTable
from lakehouse.pipelines.errors import UnseenPlanError
from lakehouse.tables import SPARK_ERRORS, root_cause

__all__ = ["lineage_by", "lineage_of"]


def lineage_of(resolution: Resolution, spark: SparkSession) -> PipelineLineage:
    """Return the lineage of all tables of a definition that was checked. Reads plans of empty frames, and no data."""
    with plans_of(spark) as plans:
        return lineage_by(plans, resolution, spark)


def lineage_by(plans: Plans, resolution: Resolution, spark: SparkSession) -> PipelineLineage:
    """Return the lineage as these plans tell it."""
    tables = resolution.graph.tables
    schemas = ByTable(resolution.read_schemas, own_name=lambda name: tables[name].name)
    empty = EmptyTables(spark=spark, schemas=schemas)
    found = {name: _found(tables[name], empty, plans) for name in resolution.graph.order}
    return PipelineLineage(pipeline=resolution.definition.name, tables=found)


def _found(table: TableDefinition, empty: EmptyTables, plans: Plans) -> TableLineage:
    try:
        return _of_table(trace_of(table, empty), plans)
    except SPARK_ERRORS as error:
        raise UnseenPlanError(table=table.name, reason=root_cause(error), location=table.location) from error


def _of_table(trace: TableTrace, plans: Plans) -> TableLineage:
    written = trace.frames[-1].frame
    numbers = [plans.numbers(each.frame) for each in trace.frames]
    promised = _promised(trace, numbers)
    touched = read_plan(plans.plan(written), promised)
    names = written.columns
    by_name = dict(zip(names, touched.order, strict=True))
    rows = touched.rows
    for choice in trace.choices:
        chosen = read_plan(plans.plan(choice.frame), promised)
        at = None if choice.column is None else choice.frame.columns.index(choice.column)
        edges = chosen.every() if at is None else chosen.columns[chosen.order[at]]
        rows |= chosen.rows | by_way_of(edges, Influence.FILTER)
    for key in trace.keys:
        if key in by_name:
            rows |= by_way_of(touched.columns[by_name[key]], Influence.GROUP_BY)
    return TableLineage(
        table=trace.table,
        columns={name: _sorted(touched.columns[number]) for name, number in by_name.items()},
        rows=_sorted(rows),
        opaque=_opaque(trace, touched, plans),
        made_at=_made_at(trace, numbers, by_name),
        types={field.name: field.dataType.simpleString() for field in written.schema.fields},
    )


def _sorted(edges: Edges) -> tuple[Edge, ...]:
    order = list(Influence)
    return tuple(sorted(edges, key=lambda edge: (edge.source, order.index(edge.how))))


def _promised(trace: TableTrace, numbers: Sequence[Sequence[int]]) -> dict[int, Promise]:
    """Return the columns of which a step itself says what they are made of, where its plan would say more."""
    found: dict[int, Promise] = {}
    frames = list(zip(trace.frames, numbers, strict=True))
    for (before, numbers_before), (after, numbers_after) in pairwise(frames):
        if after.step is None:
            continue
        there = dict(zip(before.frame.columns, numbers_before, strict=True))
        for name, number in zip(after.frame.columns, numbers_after, strict=True):
            of = after.step.made_of(name)
            if of in there and number != there[of]:
                how = Influence.IDENTITY if after.step.passes_on(name) == of else Influence.TRANSFORMATION
                found[number] = Promise(of=there[of], how=how)
    return found


def _made_at(
    trace: TableTrace, numbers: Sequence[Sequence[int]], by_name: Mapping[str, int]
) -> dict[str, str]:
    """Return for each column the first step behind which it is there under its number."""
    first: dict[int, str] = {}
    for each, behind in zip(trace.frames, numbers, strict=True):
        for number in behind:
            first.setdefault(number, str(each.location))
    return {name: first[number] for name, number in by_name.items()}


def _opaque(trace: TableTrace, touched: Touched, plans: Plans) -> tuple[OpaqueStep, ...]:
    """Name the steps that brought opaque operators, each the first behind which there are more of them."""
    if not touched.opaque:
        return ()
    found = []
    seen = 0
    for each in trace.frames:
        number = len(read_plan(plans.plan(each.frame)).opaque)
        if number > seen and each.step is not None:
            found.append(OpaqueStep(label=each.step.label, place=str(each.location)))
        seen = number
    return tuple(found)
