"""Everything about a table that decides how its data files look, worked out once per metadata."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.data_files.leaves import Leaf, leaves_of
from lakehouse.delta_log.schema import (
    ArrayType,
    ColumnMappingMode,
    DataType,
    MapType,
    PrimitiveType,
    StructField,
    StructType,
    arrow_schema,
    arrow_type,
    column_mapping_mode,
    schema_from_json,
)

__all__ = ["TableLayout", "layout_of"]

_INDEXED_COLUMNS = "delta.dataSkippingNumIndexedCols"
_INDEXED_NAMES = "delta.dataSkippingStatsColumns"
_CODEC = "delta.parquet.compression.codec"
_DEFAULT_INDEXED_COLUMNS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """How rows become files."""

    schema: StructType
    arrow: pa.Schema
    """What the rows must be: all columns, by their logical names."""
    file_schema: pa.Schema
    """What a file holds: no partition columns, physical names, field ids under column mapping."""
    partition_columns: tuple[StructField, ...]
    is_mapped: bool
    """Physical names may differ from logical ones."""
    codec: str
    indexed: frozenset[tuple[str, ...]]
    """Physical paths of the leaves that get statistics."""
    leaves: tuple[Leaf, ...]
    """Of ``file_schema``."""

    @property
    def data_columns(self) -> list[StructField]:
        """What is in files: no partition columns, and none of the type void, which has no values."""
        partitions = {part.name for part in self.partition_columns}
        return [part for part in self.schema if part.name not in partitions and not _is_void(part)]


def layout_of(metadata: MetadataChange, *, table: str) -> TableLayout:
    """Return the layout that a table's metadata asks for. Raises MalformedSchemaError."""
    configuration = tuple(sorted((k, v) for k, v in metadata.configuration.items() if v is not None))
    return _layout(metadata.schema_string, tuple(metadata.partition_columns), configuration, table)


@functools.lru_cache(maxsize=64)
def _layout(
    schema_string: str,
    partition_columns: tuple[str, ...],
    configuration: tuple[tuple[str, str], ...],
    table: str,
) -> TableLayout:
    properties = dict(configuration)
    schema = schema_from_json(schema_string, table=table)
    is_mapped = column_mapping_mode(properties, table=table) is not ColumnMappingMode.NONE
    partitions = tuple(part for name in partition_columns if (part := schema.get(name)) is not None)
    data = [part for part in schema if part.name not in partition_columns and not _is_void(part)]
    file_schema = pa.schema([_file_field(part, is_mapped=is_mapped) for part in data])
    return TableLayout(
        schema=schema,
        arrow=_without_metadata(arrow_schema(schema)),
        file_schema=file_schema,
        leaves=leaves_of(file_schema),
        partition_columns=partitions,
        is_mapped=is_mapped,
        codec=_codec(properties),
        indexed=frozenset(_indexed(data, properties, is_mapped=is_mapped)),
    )


def _is_void(part: StructField) -> bool:
    return part.data_type == PrimitiveType("void")


def _codec(properties: Mapping[str, str]) -> str:
    name = properties.get(_CODEC, "zstd").lower()
    return "none" if name == "uncompressed" else name


def _without_metadata(schema: pa.Schema) -> pa.Schema:
    return pa.schema([part.remove_metadata() for part in schema])


def _file_field(part: StructField, *, is_mapped: bool) -> pa.Field:
    name = part.physical_name if is_mapped else part.name
    field = pa.field(name, _file_type(part.data_type, is_mapped=is_mapped), nullable=part.nullable)
    if is_mapped and part.field_id is not None:
        return field.with_metadata({"PARQUET:field_id": str(part.field_id)})
    return field


def _file_type(data_type: DataType, *, is_mapped: bool) -> pa.DataType:
    match data_type:
        case StructType(fields):
            return pa.struct([_file_field(part, is_mapped=is_mapped) for part in fields])
        case ArrayType():
            element = _file_type(data_type.element_type, is_mapped=is_mapped)
            return pa.list_(pa.field("element", element, nullable=data_type.contains_null))
        case MapType():
            value = _file_type(data_type.value_type, is_mapped=is_mapped)
            key = pa.field("key", _file_type(data_type.key_type, is_mapped=is_mapped), nullable=False)
            return pa.map_(key, pa.field("value", value, nullable=data_type.value_contains_null))
    return arrow_type(data_type)


def _indexed(
    data: list[StructField], properties: Mapping[str, str], *, is_mapped: bool
) -> Iterator[tuple[str, ...]]:
    leaves = [leaf for part in data for leaf in _leaves(part, (), (), is_mapped=is_mapped)]
    names = properties.get(_INDEXED_NAMES)
    if names is not None:
        wanted = [_split(name) for name in names.split(",")]
        return (physical for logical, physical in leaves if any(_below(logical, path) for path in wanted))
    limit = _number(properties.get(_INDEXED_COLUMNS), otherwise=_DEFAULT_INDEXED_COLUMNS)
    return (physical for _, physical in (leaves if limit < 0 else leaves[:limit]))


def _number(text: str | None, *, otherwise: int) -> int:
    try:
        return otherwise if text is None else int(text)
    except ValueError:  # another engine's: a value that can't be read counts as absent
        return otherwise


def _leaves(
    part: StructField, logical: tuple[str, ...], physical: tuple[str, ...], *, is_mapped: bool
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    logical = (*logical, part.name)
    physical = (*physical, part.physical_name if is_mapped else part.name)
    if isinstance(part.data_type, StructType):
        for child in part.data_type:
            yield from _leaves(child, logical, physical, is_mapped=is_mapped)
    else:
        yield logical, physical


def _split(name: str) -> tuple[str, ...]:
    return tuple(segment.strip().strip("`").lower() for segment in name.split("."))


def _below(leaf: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return tuple(segment.lower() for segment in leaf[: len(path)]) == path
