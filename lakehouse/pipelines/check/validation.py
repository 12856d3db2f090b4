"""Checks a whole definition: every error in one go, and no data is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.check.analyses import Analyses, key_of
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.table_check import NotChecked, TableCheck
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.table_names import ByTable
from lakehouse.pipelines.errors import DefinitionErrors, NoSuchTableError
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.tables import TableLog

__all__ = ["NotChecked", "Resolution", "existing_schema", "resolve"]

ExistingSchema = Callable[[TableDefinition], StructType | None]
"""Returns the schema of the table as it stands in the warehouse; None while there is no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A definition with the schema of each of its tables, or with what is wrong."""

    definition: PipelineDefinition
    graph: TableGraph
    schemas: Mapping[str, StructType]
    problems: tuple[DefinitionError, ...]
    not_checked: tuple[NotChecked, ...]
    read_schemas: Mapping[str, StructType]
    """``schemas``, and those of tables from outside that are read."""

    def check(self) -> None:
        """Raise DefinitionErrors with all problems, where there is one."""
        if self.problems:
            raise DefinitionErrors(self.problems, not_checked=[str(each) for each in self.not_checked])


def resolve(
    definition: PipelineDefinition,
    spark: SparkSession,
    *,
    existing: ExistingSchema = lambda table: None,
    warehouse: Warehouse | None = None,
) -> Resolution:
    """Check every table of a definition whose variables are filled in.

    ``warehouse``: where tables of other pipelines are; by default the folder ``warehouse``.
    """
    warehouse = warehouse or Warehouse.at("warehouse")
    definition = definition.resolved()
    graph = graph_of(definition)
    found: dict[str, StructType] = {}
    schemas = ByTable(found, own_name=lambda name: graph.tables[name].name)
    empty = EmptyTables(spark=spark, schemas=schemas)
    analyses, settings = Analyses.of(spark), spark.conf.getAll
    problems = [*graph.problems, *declaration_problems(definition)]
    not_checked = [
        NotChecked(what=f"the table {name!r}", because="it is in a circle, or reads from one")
        for name in graph.tables
        if name not in graph.order
    ]
    for name in graph.order:
        table = graph.tables[name]
        problems += _outside(table, warehouse, found)
        missing = [each.table for each in table.inputs() if each.table not in schemas]
        if missing:
            because = f"{missing[0]!r}, which it reads, has no schema"
            not_checked.append(NotChecked(what=f"the table {name!r}", because=because))
            continue
        held = existing(table)
        read = {each.table: schemas[each.table] for each in table.inputs()}
        key = key_of(table, inputs=read, existing=held, settings=settings)
        schema = analyses.schema(key)
        if schema is None:
            check = TableCheck(table=table, empty=empty)
            schema = check.run(held)
            problems += check.problems
            not_checked += check.not_checked
            if schema is not None and not check.problems and not check.not_checked:
                analyses.keep(key, schema)
        if schema is not None:
            found[name] = schema
    return Resolution(
        definition=definition,
        graph=graph,
        schemas={name: schema for name, schema in found.items() if name in graph.order},
        problems=tuple(problems),
        not_checked=tuple(not_checked),
        read_schemas=found,
    )


def _outside(
    table: TableDefinition, warehouse: Warehouse, found: dict[str, StructType]
) -> Iterator[DefinitionError]:
    """Note the schemas of the tables from outside that a table reads; yield what is wrong with one."""
    for each in table.inputs():
        if not each.outside or each.table in found:
            continue
        path = warehouse.path_of_outside(each.table)
        state = TableLog(path).state()
        if state is None:
            yield NoSuchTableError(source=each.table, table=table.name, path=path, location=each.location)
        else:
            found[each.table] = state.schema


def existing_schema(
    warehouse: Warehouse, table: TableDefinition, *, rebuilt: Collection[str] = ()
) -> StructType | None:
    """Return the schema that a table's rows have to fit; None while there is no table, or it is to be rebuilt."""
    if table.name in rebuilt:
        return None
    state = TableLog(warehouse.path_of(table.layer, table.folder)).state()
    return state.schema if state is not None else None
