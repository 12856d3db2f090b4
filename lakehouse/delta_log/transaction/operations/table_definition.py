"""The metadata and the protocol that a schema and properties ask for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import Action, MetadataChange
from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.schema import (
    StructType,
    column_mapping_mode,
    delta_schema,
    schema_to_json,
    with_column_ids,
)
from lakehouse.delta_log.table_features import TableProperties, check_writable, needed_features, upgraded
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["check_partitioning", "definition", "struct_of"]

_ROW_TRACKING_COLUMNS = (
    "delta.rowTracking.materializedRowIdColumnName",
    "delta.rowTracking.materializedRowCommitVersionColumnName",
)


def definition(
    view: TableView,
    metadata: MetadataChange,
    struct: StructType,
    properties: Mapping[str, str | None],
    *,
    named_before: Sequence[str] = (),
) -> list[Action]:
    """Return protocol and metadata for the schema and the properties; what the table has already is left out.

    Columns ``named_before`` are in files under their own name. Raises UnsupportedFeatureError.
    """
    table = view.table
    configuration = _without_features(properties)
    mode = column_mapping_mode(configuration, table=table)
    struct, numbering = with_column_ids(struct, configuration, mode=mode, named_before=named_before)
    if TableProperties(configuration).row_tracking:
        for name in _ROW_TRACKING_COLUMNS:
            configuration.setdefault(name, f"_{name.rsplit('.')[-1]}-{uuid.uuid4()}")
    protocol = upgraded(view.protocol, needed_features(struct, properties))
    check_writable(protocol, table=table)
    after = msgspec.structs.replace(
        metadata, schema_string=schema_to_json(struct), configuration={**configuration, **numbering}
    )
    actions: list[Action] = []
    if protocol != view.protocol or not view.exists:
        actions.append(protocol)
    if after != view.current_metadata:
        actions.append(after)
    return actions


def struct_of(schema: pa.Schema | StructType, *, table: str) -> StructType:
    """Return the schema in the protocol's types."""
    return schema if isinstance(schema, StructType) else delta_schema(schema, table=table)


def check_partitioning(schema: StructType, partition_by: Sequence[str], *, table: str) -> None:
    """Raise IncompatibleRowsError unless the columns are there, and leave something to put into files."""
    if isinstance(partition_by, str) or not isinstance(partition_by, Sequence):
        problems = [f"partition_by={partition_by!r} is not a list of column names: [] leaves the table whole"]
        raise IncompatibleRowsError(table=table, problems=problems)
    unknown = [name for name in partition_by if name not in schema.names]
    problems = [f"there is no column {name!r} to partition by" for name in unknown]
    if partition_by and len(set(partition_by)) == len(schema.names):
        problems.append("every column is a partition column, so that files would have none")
    if problems:
        raise IncompatibleRowsError(table=table, problems=problems)


def _without_features(properties: Mapping[str, str | None]) -> dict[str, str | None]:
    # They name what the protocol action then says; the metadata doesn't repeat it.
    return {name: value for name, value in properties.items() if not name.startswith("delta.feature.")}
