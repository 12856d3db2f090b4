"""Where columns come from: which columns of a table's inputs touch which of its own, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["ColumnName", "Edge", "Influence", "OpaqueStep", "PipelineLineage", "TableLineage"]


class Influence(Enum):
    """How a column touches another (OpenLineage, column lineage facet 1-2-0: type and subtype)."""

    IDENTITY = ("DIRECT", "IDENTITY")
    """The value is handed on."""
    TRANSFORMATION = ("DIRECT", "TRANSFORMATION")
    AGGREGATION = ("DIRECT", "AGGREGATION")
    JOIN = ("INDIRECT", "JOIN")
    GROUP_BY = ("INDIRECT", "GROUP_BY")
    FILTER = ("INDIRECT", "FILTER")
    SORT = ("INDIRECT", "SORT")
    WINDOW = ("INDIRECT", "WINDOW")
    CONDITIONAL = ("INDIRECT", "CONDITIONAL")

    @property
    def is_direct(self) -> bool:
        """Whether the value is made of the column's values, and not just chosen by them."""
        return self.value[0] == "DIRECT"

    @property
    def word(self) -> str:
        """The subtype for a person."""
        return self.value[1].lower().replace("_", " ")

    def then(self, later: Influence) -> Influence:
        """Return how a column touches what ``later`` makes of the result: indirect wins, else the strongest."""
        if not later.is_direct:
            return later
        if not self.is_direct:
            return self
        return max(self, later, key=_DIRECT.index)


_DIRECT = (Influence.IDENTITY, Influence.TRANSFORMATION, Influence.AGGREGATION)


@dataclass(frozen=True, slots=True, order=True)
class ColumnName:
    """A column of a table; of an input that is no table of the pipeline, ``table`` is what the source calls itself."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A column of an input touches what holds the edge."""

    source: ColumnName
    how: Influence

    def __str__(self) -> str:
        return f"{self.source} ({self.how.word})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaqueStep:
    """A step that hides what it does with columns: each column behind it may come from each before it."""

    label: str
    place: str
    """``file:line``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLineage:
    """Where the columns of one table come from, as far as its own inputs."""

    table: str
    columns: Mapping[str, tuple[Edge, ...]]
    """By column, in the table's order; the edges are sorted."""
    rows: tuple[Edge, ...] = ()
    """What decides which rows there are, and so touches every column."""
    opaque: tuple[OpaqueStep, ...] = ()
    made_at: Mapping[str, str] = field(default_factory=dict)
    """By column, ``file:line`` of the step that made it; the source's for a column that no step made."""
    types: Mapping[str, str] = field(default_factory=dict)
    """By column, its type as Spark writes it."""

    def of(self, column: str) -> tuple[Edge, ...]:
        """Return all that touches a column: what its values are made of, and what chooses its rows."""
        return tuple(dict.fromkeys((*self.columns[column], *self.rows)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineLineage:
    """The lineage of all tables of a pipeline."""

    pipeline: str
    tables: Mapping[str, TableLineage]
    """Each after all that it reads."""

    def upstream(self, column: ColumnName) -> tuple[Edge, ...]:
        """Return all columns that touch a column, near and far, with each way in which one does."""
        found: dict[ColumnName, set[Influence]] = {}
        front = [Edge(column, Influence.IDENTITY)]
        seen = set(front)
        while front:
            later = front.pop()
            for edge in self._into(later.source):
                step = Edge(edge.source, edge.how.then(later.how))
                found.setdefault(step.source, set()).add(step.how)
                if step not in seen:
                    seen.add(step)
                    front.append(step)
        return _edges(found)

    def downstream(self, column: ColumnName) -> tuple[Edge, ...]:
        """Return all columns that a column touches, near and far; an edge's ``source`` is the one that is touched."""
        readers: dict[ColumnName, list[tuple[ColumnName, Influence]]] = {}
        for table in self.tables.values():
            for name in table.columns:
                for edge in table.of(name):
                    readers.setdefault(edge.source, []).append((ColumnName(table.table, name), edge.how))
        found: dict[ColumnName, set[Influence]] = {}
        front = [Edge(column, Influence.IDENTITY)]
        seen = set(front)
        while front:
            before = front.pop()
            for reached, how in readers.get(before.source, ()):
                step = Edge(reached, before.how.then(how))
                found.setdefault(reached, set()).add(step.how)
                if step not in seen:
                    seen.add(step)
                    front.append(step)
        return _edges(found)

    def _into(self, column: ColumnName) -> Iterable[Edge]:
        table = self.tables.get(column.table)
        return table.of(column.column) if table is not None and column.column in table.columns else ()


def _edges(found: Mapping[ColumnName, set[Influence]]) -> tuple[Edge, ...]:
    order = list(Influence)
    return tuple(
        Edge(source, how) for source in sorted(found) for how in sorted(found[source], key=order.index)
    )
