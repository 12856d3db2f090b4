"""Create a table."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence

import pyarrow as pa

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.errors import TableExistsError
from lakehouse.delta_log.schema import StructType, schema_to_json
from lakehouse.delta_log.table_features import check_properties
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.operations.table_definition import (
    check_partitioning,
    definition,
    struct_of,
)
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["create_table"]


def create_table(
    view: TableView,
    schema: pa.Schema | StructType,
    *,
    partition_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    name: str | None = None,
    description: str | None = None,
) -> Change:
    """Create the table without rows. Raises TableExistsError, InvalidPropertyError, IncompatibleRowsError."""
    if view.exists:
        raise TableExistsError(table=view.table, version=view.version)
    properties = properties or {}
    check_properties(properties, table=view.table)
    struct = struct_of(schema, table=view.table)
    check_partitioning(struct, partition_by, table=view.table)
    metadata = MetadataChange(
        id=str(uuid.uuid4()),
        name=name,
        description=description,
        schema_string=schema_to_json(struct),
        partition_columns=list(partition_by),
        created_ms=time.time_ns() // 1_000_000,
    )
    return Change(
        actions=definition(view, metadata, struct, properties),
        operation=Operation.of("CREATE TABLE", partitionBy=list(partition_by), properties=dict(properties)),
    )
