"""Which tables a person means: ``sales``, ``+sales`` with all it needs, ``sales+``, ``layer:gold``, ``*`` for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.errors import UnknownSelectionError
from lakehouse.pipelines.refresh.context import Rebuilt

__all__ = ["rebuilt_tables", "select_tables"]


def select_tables(graph: TableGraph, selections: Sequence[str]) -> frozenset[str]:
    """Return the tables that any of ``selections`` names; all of them where there is none.

    Raises UnknownSelectionError.
    """
    if not selections:
        return frozenset(graph.tables)
    return frozenset(name for selection in selections for name in _selected(graph, selection))


def rebuilt_tables(graph: TableGraph, selections: Sequence[str], *, accepts_loss: bool = False) -> Rebuilt:
    """Return the tables that are to be rebuilt; none where nobody names one. Raises UnknownSelectionError."""
    tables = select_tables(graph, selections) if selections else frozenset[str]()
    return Rebuilt(tables=tables, accepts_loss=accepts_loss)


def _selected(graph: TableGraph, selection: str) -> frozenset[str]:
    if selection == "*":
        return frozenset(graph.tables)
    core = selection.removeprefix("+").removesuffix("+")
    if core.startswith("layer:"):
        layer = core.removeprefix("layer:")
        named = frozenset(name for name, table in graph.tables.items() if table.layer == layer)
    else:
        named = frozenset({graph.tables[core].name} if core in graph.tables else ())
    if not named:
        layers = {f"layer:{table.layer}" for table in graph.tables.values()}
        raise UnknownSelectionError(selection=selection, known=[*graph.tables, *layers])
    before = _union(graph.upstream(name) for name in named) if selection.startswith("+") else frozenset()
    after = _union(graph.downstream(name) for name in named) if selection.endswith("+") else frozenset()
    return named | before | after


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(name for each in sets for name in each)
