"""Lineage that is kept in the warehouse, so that a question about a definition that didn't change needs no session."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from lakehouse.errors import LakehouseError
from lakehouse.pipelines.check.lineage.model import (
    ColumnName,
    Edge,
    Influence,
    OpaqueStep,
    PipelineLineage,
    TableLineage,
)
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.refresh.fingerprint import fingerprint_of
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.storage import NotFoundError
from lakehouse.tables import TableLog

__all__ = ["keep_lineage", "kept_lineage"]

_KeptEdge = tuple[str, str, str]
"""Table, column, and the name of the influence."""


class _KeptTable(msgspec.Struct, frozen=True, kw_only=True):
    table: str
    columns: dict[str, list[_KeptEdge]]
    rows: list[_KeptEdge]
    opaque: list[tuple[str, str]]
    made_at: dict[str, str]
    types: dict[str, str]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    fingerprint: str
    tables: list[_KeptTable]


def keep_lineage(warehouse: Warehouse, definition: PipelineDefinition, lineage: PipelineLineage) -> None:
    """Write the lineage of a definition whose variables are filled in; it takes the place of an older one."""
    kept = _Kept(
        fingerprint=_fingerprint(warehouse, definition),
        tables=[_kept(each) for each in lineage.tables.values()],
    )
    warehouse.storage.write(_key(definition.name), msgspec.json.encode(kept))


def kept_lineage(warehouse: Warehouse, definition: PipelineDefinition) -> PipelineLineage | None:
    """Return the lineage; None when nothing is kept, or what is kept is of another definition or unreadable."""
    try:
        kept = msgspec.json.decode(warehouse.storage.read(_key(definition.name)), type=_Kept)
        if kept.fingerprint != _fingerprint(warehouse, definition):
            return None
        tables = {each.table: _table(each) for each in kept.tables}
    except (NotFoundError, msgspec.DecodeError, KeyError):
        return None
    return PipelineLineage(pipeline=definition.name, tables=tables)


def _key(pipeline: str) -> str:
    return f"{SYSTEM_LAYER}/lineage/{quote(pipeline, safe='')}.json"


def _fingerprint(warehouse: Warehouse, definition: PipelineDefinition) -> str:
    """Return a digest that changes with any table's name, layer or flow, and with the lines that these stand on.

    It changes, too, with the schema of any table from outside that is read: no definition declares that.
    """
    digest = hashlib.blake2b(digest_size=16)
    for table in definition.resolved().tables:
        views = [view.flow for view in table.views_beside()]
        places = [str(table.location), *(str(step.location) for step in table.all_steps)]
        outside = [_schema_outside(warehouse, each.table) for each in table.inputs() if each.outside]
        parts = (table.name, table.layer, fingerprint_of(table.flow, views), *places, *outside)
        digest.update("\0".join(parts).encode())
    return digest.hexdigest()


def _schema_outside(warehouse: Warehouse, table: str) -> str:
    """Return the schema of a table from outside as it is now; empty where its log can't be read."""
    try:
        state = TableLog(warehouse.path_of_outside(table)).state()
    except LakehouseError:
        return ""
    return "" if state is None else state.schema.json()


def _kept(table: TableLineage) -> _KeptTable:
    return _KeptTable(
        table=table.table,
        columns={name: [_kept_edge(edge) for edge in edges] for name, edges in table.columns.items()},
        rows=[_kept_edge(edge) for edge in table.rows],
        opaque=[(each.label, each.place) for each in table.opaque],
        made_at=dict(table.made_at),
        types=dict(table.types),
    )


def _table(kept: _KeptTable) -> TableLineage:
    columns: Mapping[str, tuple[Edge, ...]] = {
        name: tuple(map(_edge, edges)) for name, edges in kept.columns.items()
    }
    return TableLineage(
        table=kept.table,
        columns=columns,
        rows=tuple(map(_edge, kept.rows)),
        opaque=tuple(OpaqueStep(label=label, place=place) for label, place in kept.opaque),
        made_at=kept.made_at,
        types=kept.types,
    )


def _kept_edge(edge: Edge) -> _KeptEdge:
    return (edge.source.table, edge.source.column, edge.how.name)


def _edge(kept: _KeptEdge) -> Edge:
    table, column, how = kept
    return Edge(ColumnName(table, column), Influence[how])
