"""Change the schema, the properties or the features of a table. No row changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import pyarrow as pa

from lakehouse.delta_log.errors import InvalidPropertyError
from lakehouse.delta_log.schema import (
    ColumnMappingMode,
    StructType,
    column_mapping_mode,
    merged,
    schema_from_json,
    with_ids_of,
)
from lakehouse.delta_log.table_features import TableProperties, check_properties, check_writable, upgraded
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.operations.describe_table import with_comments_of
from lakehouse.delta_log.transaction.operations.table_definition import (
    check_partitioning,
    definition,
    struct_of,
)
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["add_columns", "enable_features", "replace_schema", "set_properties"]

_CAN_BE_MAPPED_LATER = (ColumnMappingMode.NONE, ColumnMappingMode.NAME)


def add_columns(view: TableView, columns: pa.Schema | StructType, *, widen: bool = False) -> Change:
    """Add the columns that the schema lacks, nullable and at its end; with ``widen`` let those that it has grow.

    A table whose columns grow gets Delta's feature for it, which its readers must know.
    """
    metadata, found = view.metadata, struct_of(columns, table=view.table)
    before = schema_from_json(metadata.schema_string, table=view.table)
    after = merged(before, found, widens=widen)
    if after == before:
        return Change()
    grows = widen and after != merged(before, found)
    properties = {**metadata.configuration, **({"delta.enableTypeWidening": "true"} if grows else {})}
    return Change(
        actions=definition(view, metadata, after, properties),
        operation=Operation.of("ADD COLUMNS", columns=[part.name for part in after]),
    )


def replace_schema(
    view: TableView, schema: pa.Schema | StructType, *, partition_by: Sequence[str] = ()
) -> Change:
    """Replace the table's schema; the same commit must remove all its files.

    Columns that stay keep their comments, and under column mapping their ids and names in files.
    ``partition_by`` replaces the partition columns; without it they stay.
    """
    metadata = view.metadata
    if partition_by:
        metadata = msgspec.structs.replace(metadata, partition_columns=list(partition_by))
    held = schema_from_json(metadata.schema_string, table=view.table)
    struct = with_ids_of(held, with_comments_of(held, struct_of(schema, table=view.table)))
    check_partitioning(struct, metadata.partition_columns, table=view.table)
    return Change(actions=definition(view, metadata, struct, metadata.configuration))


def set_properties(view: TableView, properties: Mapping[str, str | None]) -> Change:
    """Set table properties, or unset those given as None, with the protocol that they need.

    Raises InvalidPropertyError.
    """
    metadata = view.metadata
    given = {name: value for name, value in properties.items() if value is not None}
    check_properties(given, table=view.table)
    after: dict[str, str | None] = {**metadata.configuration, **properties}
    kept: dict[str, str | None] = {name: value for name, value in after.items() if value is not None}
    _check_column_mapping(view, kept)
    _check_row_tracking(view, kept)
    struct = schema_from_json(metadata.schema_string, table=view.table)
    return Change(
        actions=definition(view, metadata, struct, kept, named_before=struct.names),
        operation=Operation.of("SET TBLPROPERTIES", properties=dict(properties)),
    )


def enable_features(view: TableView, features: Iterable[str]) -> Change:
    """Upgrade the protocol so that it lists these features. Raises UnsupportedFeatureError."""
    view.require_table("enable features")
    after = upgraded(view.protocol, features)
    check_writable(after, table=view.table)
    if after == view.protocol:
        return Change()
    return Change(actions=[after], operation=Operation(name="UPGRADE PROTOCOL"))


def _check_column_mapping(view: TableView, properties: Mapping[str, str | None]) -> None:
    before = column_mapping_mode(view.metadata.configuration, table=view.table)
    after = column_mapping_mode(properties, table=view.table)
    if before is not after and (before, after) != _CAN_BE_MAPPED_LATER:
        raise InvalidPropertyError(
            table=view.table,
            name="delta.columnMapping.mode",
            value=after.value,
            expected=f"{before.value!r}, as it is: only 'none' can become 'name'",
        )


def _check_row_tracking(view: TableView, properties: Mapping[str, str | None]) -> None:
    before = TableProperties(view.metadata.configuration)
    if TableProperties(properties).row_tracking and not before.row_tracking and view.version >= 0:
        expected = "'true' from the table's creation on: files that are there have no row ids yet"
        raise InvalidPropertyError(
            table=view.table, name="delta.enableRowTracking", value="true", expected=expected
        )
