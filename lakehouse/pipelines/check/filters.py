"""By which conditions a pipeline reads tables whole: the layout of these tables can spare it files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.definition import TableDefinition

__all__ = ["filters_of"]


def filters_of(graph: TableGraph) -> Mapping[str, Sequence[str]]:
    """Return the conditions in SQL, by ``layer/name`` of the table that is read.

    Only new rows of a table are read without looking for them, so that a condition on them spares nothing.
    """
    found: dict[str, dict[str, None]] = {}
    for name in graph.order:
        for source, condition in _filters(graph.tables[name]):
            read = graph.tables.get(source)
            place = source.replace(".", "/") if read is None else f"{read.layer}/{read.folder}"
            found.setdefault(place, {})[condition] = None
    return {place: list(conditions) for place, conditions in found.items()}


def _filters(table: TableDefinition) -> Iterator[tuple[str, str]]:
    tables = table.flow.source.tables()
    if len(tables) != 1 or not table.flow.source.gives_all_rows:
        return
    # Behind a step that does more, a column may be another than the stored one.
    first = takewhile(lambda step: step.filter_text is not None, table.flow.steps)
    yield from ((tables[0].table, step.filter_text) for step in first if step.filter_text is not None)
