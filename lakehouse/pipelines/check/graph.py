"""Which table needs which: an order to refresh them in, and what stands against one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError as UnsortableError
from graphlib import TopologicalSorter

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.check.views import view_problems
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.table_names import ByTable
from lakehouse.pipelines.errors import (
    CycleError,
    DuplicateNameError,
    OwnTableOutsideError,
    UnknownSourceError,
)

__all__ = ["TableGraph", "graph_of", "tables_by_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGraph:
    """The tables of a pipeline and what each reads. Tables in a circle, or behind one, are not in ``order``."""

    tables: Mapping[str, TableDefinition]
    inputs: Mapping[str, frozenset[str]]
    """By table, the tables that it reads and that are declared."""
    order: tuple[str, ...]
    """Each after all that it reads."""
    problems: tuple[DefinitionError, ...]

    def upstream(self, name: str) -> frozenset[str]:
        """Return all that the table needs, near and far."""
        return self._reach(name, self.inputs)

    def downstream(self, name: str) -> frozenset[str]:
        """Return all that needs the table, near and far."""
        readers = {
            other: frozenset(reader for reader, inputs in self.inputs.items() if other in inputs)
            for other in self.tables
        }
        return self._reach(name, readers)

    def _reach(self, name: str, edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
        found: set[str] = set()
        front = set(edges.get(name, ()))
        while front:
            found |= front
            front = {next_ for each in front for next_ in edges.get(each, ())} - found
        return frozenset(found - {name})


def tables_by_name(declared: Mapping[str, TableDefinition]) -> ByTable[TableDefinition]:
    """Return tables that are also found as ``layer.name``."""
    own_names = {f"{table.layer}.{table.folder}": name for name, table in declared.items()}
    return ByTable(declared, own_name=lambda name: own_names[name])


def graph_of(definition: PipelineDefinition) -> TableGraph:
    """Return the graph, with every duplicate name, unknown source and circle as a problem."""
    definition = definition.resolved()
    problems: list[DefinitionError] = view_problems(definition)
    declared: dict[str, TableDefinition] = {}
    for table in definition.tables:
        if table.name in declared:
            first = declared[table.name].location
            problems.append(DuplicateNameError(name=table.name, first=first, second=table.location))
        else:
            declared[table.name] = table
    tables = tables_by_name(declared)
    inputs = {name: _inputs(table, tables, problems) for name, table in tables.items()}
    order, circles = _order(inputs)
    problems += [CycleError(tables=circle, location=tables[circle[0]].location) for circle in circles]
    return TableGraph(tables=tables, inputs=inputs, order=order, problems=tuple(problems))


def _inputs(
    table: TableDefinition, tables: Mapping[str, TableDefinition], problems: list[DefinitionError]
) -> frozenset[str]:
    problems += [
        UnknownSourceError(source=each.table, table=table.name, known=tables, location=each.location)
        for each in table.inputs()
        if each.table not in tables and not each.outside
    ]
    problems += [
        OwnTableOutsideError(source=each.table, table=table.name, location=each.location)
        for each in table.inputs()
        if each.table in tables and each.outside
    ]
    return frozenset(tables[each.table].name for each in table.inputs() if each.table in tables)


def _order(inputs: Mapping[str, frozenset[str]]) -> tuple[tuple[str, ...], list[Sequence[str]]]:
    """Sort what can be sorted: each circle found is set aside with all that stands behind it."""
    left = dict(inputs)
    circles: list[Sequence[str]] = []
    while True:
        try:
            ordered = {name: sorted(needs) for name, needs in left.items()}
            return tuple(TopologicalSorter(ordered).static_order()), circles
        except UnsortableError as error:
            circle = list(reversed(error.args[1]))[:-1]
            circles.append(_from_smallest(circle))
            blocked = set(circle)
            while more := {name for name, needs in left.items() if needs & blocked} - blocked:
                blocked |= more
            left = {name: needs for name, needs in left.items() if name not in blocked}


def _from_smallest(circle: Sequence[str]) -> Sequence[str]:
    at = circle.index(min(circle))
    return [*circle[at:], *circle[:at]]
