"""The protocol's types in Arrow, and back (Delta PROTOCOL, "Delta Data Type to Parquet Type Mappings")."""

from __future__ import annotations

import json

import pyarrow as pa

from lakehouse.delta_log.errors import UnsupportedTypeError
from lakehouse.delta_log.schema.types import (
    ArrayType,
    DataType,
    MapType,
    PrimitiveType,
    StructField,
    StructType,
)

__all__ = ["VARIANT", "arrow_schema", "arrow_type", "delta_schema", "delta_type"]

VARIANT = pa.struct([pa.field("value", pa.binary()), pa.field("metadata", pa.binary())])
"""A variant stays in its binary encoding: two byte strings."""

_PRIMITIVES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "short": pa.int16(),
    "byte": pa.int8(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "variant": VARIANT,
    "void": pa.null(),
}
_NAMES: dict[pa.DataType, str] = {
    **{data_type: name for name, data_type in _PRIMITIVES.items()},
    pa.large_string(): "string",
    pa.string_view(): "string",
    pa.large_binary(): "binary",
    pa.binary_view(): "binary",
    pa.uint8(): "short",
    pa.uint16(): "integer",
    pa.uint32(): "long",
    pa.date64(): "date",
    pa.float16(): "float",
}


def arrow_schema(schema: StructType) -> pa.Schema:
    """Return the Arrow schema; a field's metadata is kept, each value as JSON text."""
    return pa.schema([_arrow_field(part) for part in schema])


def arrow_type(data_type: DataType) -> pa.DataType:
    """Return what values of the type are in Arrow."""
    match data_type:
        case PrimitiveType(name):
            return _arrow_primitive(name)
        case ArrayType():
            element = pa.field(
                "element", arrow_type(data_type.element_type), nullable=data_type.contains_null
            )
            return pa.list_(element)
        case MapType():
            value = pa.field(
                "value", arrow_type(data_type.value_type), nullable=data_type.value_contains_null
            )
            return pa.map_(pa.field("key", arrow_type(data_type.key_type), nullable=False), value)
        case StructType(fields):
            return pa.struct([_arrow_field(part) for part in fields])


def _arrow_primitive(name: str) -> pa.DataType:
    if name.startswith("decimal("):
        precision, scale = name[len("decimal(") : -1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return _PRIMITIVES[name]


def _arrow_field(part: StructField) -> pa.Field:
    metadata = {name: json.dumps(value, ensure_ascii=False) for name, value in part.metadata.items()}
    return pa.field(part.name, arrow_type(part.data_type), nullable=part.nullable, metadata=metadata or None)


def delta_schema(schema: pa.Schema, *, table: str) -> StructType:
    """Return the protocol's schema for an Arrow schema. Raises UnsupportedTypeError for a type it lacks."""
    return StructType(tuple(_delta_field(part, table) for part in schema))


def _delta_field(part: pa.Field, table: str, above: str = "") -> StructField:
    column = f"{above}{part.name}"
    metadata = {
        name.decode(): _json_or_text(value.decode())
        for name, value in (part.metadata or {}).items()
        if not name.startswith(b"PARQUET:")
    }
    return StructField(
        name=part.name,
        data_type=delta_type(part.type, table=table, column=column),
        nullable=part.nullable,
        metadata=metadata,
    )


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def delta_type(data_type: pa.DataType, *, table: str, column: str) -> DataType:
    """Return the protocol's type for a column's Arrow type. Raises UnsupportedTypeError where it has none."""
    if pa.types.is_dictionary(data_type):
        return delta_type(data_type.value_type, table=table, column=column)
    if data_type.equals(VARIANT):
        return PrimitiveType("variant")
    if pa.types.is_struct(data_type) and data_type.num_fields:
        return StructType(tuple(_delta_field(part, table, f"{column}.") for part in data_type))
    if pa.types.is_map(data_type):
        return MapType(
            key_type=delta_type(data_type.key_type, table=table, column=f"{column}.key"),
            value_type=delta_type(data_type.item_type, table=table, column=f"{column}.value"),
            value_contains_null=data_type.item_field.nullable,
        )
    if _is_list(data_type):
        return ArrayType(
            element_type=delta_type(data_type.value_type, table=table, column=f"{column}.element"),
            contains_null=data_type.value_field.nullable,
        )
    return _delta_primitive(data_type, table, column)


def _is_list(data_type: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(data_type)
        or pa.types.is_large_list(data_type)
        or pa.types.is_fixed_size_list(data_type)
    )


def _delta_primitive(data_type: pa.DataType, table: str, column: str) -> PrimitiveType:
    if pa.types.is_timestamp(data_type):
        return PrimitiveType("timestamp_ntz" if data_type.tz is None else "timestamp")
    if pa.types.is_decimal(data_type) and 0 <= data_type.scale <= data_type.precision <= 38:
        return PrimitiveType(f"decimal({data_type.precision},{data_type.scale})")
    name = "binary" if pa.types.is_fixed_size_binary(data_type) else _NAMES.get(data_type)
    if name is None:
        raise UnsupportedTypeError(table=table, column=column, data_type=str(data_type))
    return PrimitiveType(name)
