"""What the log of a table, and the quarantine beside it, say of it: read without Spark and without its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lakehouse.delta_log import Snapshot, TableNotFoundError
from lakehouse.masking import masked
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.report.model import ReportColumn, Sample
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX, Warehouse
from lakehouse.tables import TableLog

__all__ = ["StoredTable", "quarantined_rows", "stored_table"]

_LONGEST_CELL = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A table as it lies in the warehouse."""

    version: int
    committed_at: dt.datetime | None
    size_bytes: int
    files: int
    columns: tuple[ReportColumn, ...]


def stored_table(warehouse: Warehouse, table: TableDefinition) -> StoredTable | None:
    """Return what the log says; None while there is no table."""
    log = TableLog(warehouse.path_of(table.layer, table.folder))
    state, snapshot = log.state(), log.snapshot()
    if state is None or snapshot is None:
        return None
    at_ms = snapshot.timestamp_ms
    return StoredTable(
        version=snapshot.version,
        committed_at=None if at_ms is None else dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC),
        size_bytes=snapshot.totals.size_bytes,
        files=snapshot.totals.file_count,
        columns=tuple(
            ReportColumn(
                name=each.name,
                type=each.dataType.simpleString(),
                comment=str((each.metadata or {}).get("comment", "")),
            )
            for each in state.schema.fields
        ),
    )


def quarantined_rows(warehouse: Warehouse, table: TableDefinition, *, limit: int) -> Sample | None:
    """Return some rows that were set aside, the reasons first; None where there are none. They are read."""
    try:
        path = warehouse.path_of(table.layer, f"{table.folder}{QUARANTINE_SUFFIX}")
        snapshot = Snapshot.load(path)
    except TableNotFoundError:
        return None
    names = sorted(snapshot.schema.names, key=lambda name: (name != "_errors", name != "_batch"))
    rows = list(islice(_rows(snapshot, names, limit), limit))
    return Sample(headings=tuple(names), rows=tuple(rows)) if rows else None


def _rows(snapshot: Snapshot, names: list[str], limit: int) -> Iterator[tuple[str, ...]]:
    for part in snapshot.scan(names):
        for row in part.slice(0, limit).to_pylist(maps_as_pydicts="lossy"):
            yield tuple(_text(row[name]) for name in names)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    # Masked before it is cut: of half a secret nobody knows that it is one.
    text = masked(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
