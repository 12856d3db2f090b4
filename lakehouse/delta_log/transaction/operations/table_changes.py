"""Changes of the table itself: its schema, its properties, its protocol."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.errors import (
    IncompatibleRowsError,
    InvalidPropertyError,
    NoTableYetError,
    TableExistsError,
)
from lakehouse.delta_log.schema import (
    ColumnMappingMode,
    StructType,
    column_mapping_mode,
    delta_schema,
    merged,
    schema_from_json,
    schema_to_json,
    with_column_ids,
)
from lakehouse.delta_log.table_features import (
    TableProperties,
    check_properties,
    check_writable,
    needed_features,
    upgraded,
)

if TYPE_CHECKING:
    from lakehouse.delta_log.transaction.transaction import Transaction

__all__ = ["add_columns", "create", "enable_features", "replace_schema", "require_table", "set_properties"]

_ROW_TRACKING_COLUMNS = (
    "delta.rowTracking.materializedRowIdColumnName",
    "delta.rowTracking.materializedRowCommitVersionColumnName",
)


def create(
    transaction: Transaction,
    schema: pa.Schema | StructType,
    *,
    partition_by: Sequence[str],
    properties: Mapping[str, str],
    name: str | None,
    description: str | None,
) -> None:
    """Put protocol and metadata of a new table into the transaction."""
    if transaction.exists:
        raise TableExistsError(table=transaction.table, version=transaction.read_version)
    check_properties(properties, table=transaction.table)
    struct = _struct(schema, transaction.table)
    _check_partitioning(struct, partition_by, transaction.table)
    metadata = MetadataChange(
        id=str(uuid.uuid4()),
        name=name,
        description=description,
        schema_string=schema_to_json(struct),
        partition_columns=list(partition_by),
        created_ms=time.time_ns() // 1_000_000,
    )
    transaction.operation = "CREATE TABLE"
    transaction.operation_parameters = {
        "partitionBy": _json(list(partition_by)),
        "properties": _json(properties),
    }
    _put(transaction, metadata, struct, properties)


def set_properties(transaction: Transaction, properties: Mapping[str, str | None]) -> None:
    """Set or unset properties, with the protocol that they need."""
    metadata = transaction.metadata
    given = {name: value for name, value in properties.items() if value is not None}
    check_properties(given, table=transaction.table)
    after: dict[str, str | None] = {**metadata.configuration, **properties}
    kept: dict[str, str | None] = {name: value for name, value in after.items() if value is not None}
    before_mode = column_mapping_mode(metadata.configuration, table=transaction.table)
    after_mode = column_mapping_mode(kept, table=transaction.table)
    if before_mode is not after_mode and (before_mode, after_mode) != _CAN_BE_MAPPED_LATER:
        raise InvalidPropertyError(
            table=transaction.table,
            name="delta.columnMapping.mode",
            value=after_mode.value,
            expected=f"{before_mode.value!r}, as it is: only 'none' can become 'name'",
        )
    _check_row_tracking(transaction, kept)
    transaction.operation = "SET TBLPROPERTIES"
    transaction.operation_parameters = {"properties": _json(properties)}
    struct = schema_from_json(metadata.schema_string, table=transaction.table)
    _put(transaction, metadata, struct, kept, named_before=struct.names)


_CAN_BE_MAPPED_LATER = (ColumnMappingMode.NONE, ColumnMappingMode.NAME)


def add_columns(transaction: Transaction, columns: pa.Schema | StructType) -> None:
    """Add columns that the schema lacks."""
    metadata = transaction.metadata
    before = schema_from_json(metadata.schema_string, table=transaction.table)
    after = merged(before, _struct(columns, transaction.table))
    if after == before:
        return
    transaction.operation = "ADD COLUMNS"
    transaction.operation_parameters = {"columns": _json([part.name for part in after])}
    _put(transaction, metadata, after, metadata.configuration)


def replace_schema(transaction: Transaction, schema: pa.Schema) -> None:
    """Put another schema in the place of the table's; all its files must go in the same commit."""
    metadata = transaction.metadata
    struct = _struct(schema, transaction.table)
    _check_partitioning(struct, metadata.partition_columns, transaction.table)
    _put(transaction, metadata, struct, metadata.configuration)


def enable_features(transaction: Transaction, features: Iterable[str]) -> None:
    """Upgrade the protocol."""
    require_table(transaction, "enable features")
    after = upgraded(transaction.protocol, features)
    check_writable(after, table=transaction.table)
    if after != transaction.protocol:
        transaction.operation = "UPGRADE PROTOCOL"
        transaction.append_action(after)


def require_table(transaction: Transaction, action: str) -> None:
    """Raise NoTableYetError unless there is a table."""
    if not transaction.exists:
        raise NoTableYetError(table=transaction.table, action=action)


def _put(
    transaction: Transaction,
    metadata: MetadataChange,
    struct: StructType,
    properties: Mapping[str, str | None],
    *,
    named_before: Sequence[str] = (),
) -> None:
    table = transaction.table
    configuration = _without_features(properties)
    mode = column_mapping_mode(configuration, table=table)
    struct, numbering = with_column_ids(struct, configuration, mode=mode, named_before=named_before)
    if TableProperties(configuration).row_tracking:
        for name in _ROW_TRACKING_COLUMNS:
            configuration.setdefault(name, f"_{name.rsplit('.')[-1]}-{uuid.uuid4()}")
    protocol = upgraded(transaction.protocol, needed_features(struct, properties))
    check_writable(protocol, table=table)
    after = msgspec.structs.replace(
        metadata, schema_string=schema_to_json(struct), configuration={**configuration, **numbering}
    )
    if protocol != transaction.protocol or not transaction.exists:
        transaction.append_action(protocol)
    if after != transaction.current_metadata:
        transaction.append_action(after)


def _check_row_tracking(transaction: Transaction, properties: Mapping[str, str | None]) -> None:
    before = TableProperties(transaction.metadata.configuration)
    if TableProperties(properties).row_tracking and not before.row_tracking:
        expected = "'true' from the table's creation on: files that are there have no row ids yet"
        if transaction.read_version >= 0:
            raise InvalidPropertyError(
                table=transaction.table, name="delta.enableRowTracking", value="true", expected=expected
            )


def _without_features(properties: Mapping[str, str | None]) -> dict[str, str | None]:
    # They name what the protocol action then says; the metadata doesn't repeat it.
    return {name: value for name, value in properties.items() if not name.startswith("delta.feature.")}


def _struct(schema: pa.Schema | StructType, table: str) -> StructType:
    return schema if isinstance(schema, StructType) else delta_schema(schema, table=table)


def _check_partitioning(schema: StructType, partition_by: Sequence[str], table: str) -> None:
    unknown = [name for name in partition_by if name not in schema.names]
    problems = [f"there is no column {name!r} to partition by" for name in unknown]
    if partition_by and len(set(partition_by)) == len(schema.names):
        problems.append("every column is a partition column, so that files would have none")
    if problems:
        raise IncompatibleRowsError(table=table, problems=problems)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
