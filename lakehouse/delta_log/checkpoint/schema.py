"""What goes into a checkpoint, and as which columns (Delta PROTOCOL, "Checkpoint Schema")."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.arrow_columns import column, constant
from lakehouse.delta_log.replay import STRING_MAP
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties

__all__ = [
    "SMALL_ACTION_TYPES",
    "add_rows_for_checkpoint",
    "remove_rows_for_checkpoint",
    "small_actions",
]

_STRINGS = pa.list_(pa.field("element", pa.string()))

SMALL_ACTION_TYPES: dict[str, pa.StructType] = {
    "txn": pa.struct([("appId", pa.string()), ("version", pa.int64()), ("lastUpdated", pa.int64())]),
    "metaData": pa.struct(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("description", pa.string()),
            ("format", pa.struct([("provider", pa.string()), ("options", STRING_MAP)])),
            ("schemaString", pa.string()),
            ("partitionColumns", _STRINGS),
            ("createdTime", pa.int64()),
            ("configuration", STRING_MAP),
        ]
    ),
    "protocol": pa.struct(
        [
            ("minReaderVersion", pa.int32()),
            ("minWriterVersion", pa.int32()),
            ("readerFeatures", _STRINGS),
            ("writerFeatures", _STRINGS),
        ]
    ),
    "domainMetadata": pa.struct(
        [("domain", pa.string()), ("configuration", pa.string()), ("removed", pa.bool_())]
    ),
    "checkpointMetadata": pa.struct([("version", pa.int64()), ("tags", STRING_MAP)]),
    "sidecar": pa.struct(
        [
            ("path", pa.string()),
            ("sizeInBytes", pa.int64()),
            ("modificationTime", pa.int64()),
            ("tags", STRING_MAP),
        ]
    ),
}


def small_actions(snapshot: Snapshot, *, now_ms: int) -> list[tuple[str, dict[str, Any]]]:
    """Return all but the file actions, as (name, fields); forgotten transaction identifiers are left out."""
    retention_ms = TableProperties(snapshot.properties).transaction_retention_ms
    kept = [
        action
        for action in snapshot.transactions.values()
        if retention_ms is None or action.updated_ms is None or action.updated_ms >= now_ms - retention_ms
    ]
    actions: list[tuple[str, msgspec.Struct]] = [
        ("protocol", snapshot.protocol),
        ("metaData", snapshot.metadata),
        *(("txn", action) for action in kept),
        *(("domainMetadata", action) for action in snapshot.domains.values()),
    ]
    return [(name, msgspec.to_builtins(action)) for name, action in actions]


def add_rows_for_checkpoint(snapshot: Snapshot) -> pa.Table:
    """Return the live files as rows of the ``add`` column; they change no row in this version."""
    rows = snapshot.files()
    index = rows.schema.get_field_index("dataChange")
    no_change = constant(False, rows.num_rows, pa.bool_())
    return rows.set_column(index, "dataChange", no_change)


def remove_rows_for_checkpoint(snapshot: Snapshot, *, now_ms: int) -> pa.Table:
    """Return the tombstones that have not expired as rows of the ``remove`` column."""
    rows = snapshot.tombstones()
    oldest_ms = now_ms - TableProperties(snapshot.properties).deleted_file_retention_ms
    # A tombstone without a time has expired: it was made "since ever".
    limit = column([oldest_ms], pa.int64())[0]
    # A comparison with null is null, which a filter drops.
    kept = rows.filter(pc.greater(rows.column("deletionTimestamp"), limit))
    index = kept.schema.get_field_index("dataChange")
    no_change = constant(False, kept.num_rows, pa.bool_())
    return kept.set_column(index, "dataChange", no_change)
