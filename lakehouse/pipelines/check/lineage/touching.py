"""What touches what on the way through a plan: columns by the numbers that Spark gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakehouse.pipelines.check.lineage.model import Edge, Influence

__all__ = ["NOTHING", "Edges", "Promise", "Touched", "by_way_of"]

Edges = frozenset[Edge]
NOTHING: Edges = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The rows that come out of an operator: their columns in order, and what touches each."""

    order: tuple[int, ...]
    columns: Mapping[int, Edges]
    """By expression id; also of columns that are not in ``order``, which expressions may still name."""
    rows: Edges = NOTHING
    """What decides which rows there are."""
    opaque: tuple[str, ...] = field(default=())
    """Operators on the way that hide what they do."""

    def every(self) -> Edges:
        """Return what touches any column."""
        return frozenset(edge for each in self.order for edge in self.columns[each])


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a step says of a column that it makes: of which one it is made, by its number, and how."""

    of: int
    how: Influence


def by_way_of(edges: Iterable[Edge], how: Influence) -> Edges:
    """Return the edges as they touch what is made of them in this way."""
    return frozenset(Edge(edge.source, edge.how.then(how)) for edge in edges)
