"""Schemas as the JSON text of ``schemaString``."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from lakehouse.delta_log.errors import MalformedSchemaError
from lakehouse.delta_log.schema.types import (
    ArrayType,
    DataType,
    MapType,
    PrimitiveType,
    StructField,
    StructType,
)

__all__ = ["schema_from_json", "schema_to_json"]

MAX_DEPTH = 100
"""Of nesting. No program nests deeper on purpose; a log that does is damaged or hostile."""

_PRIMITIVES = frozenset(
    {"string", "long", "integer", "short", "byte", "float", "double", "boolean", "binary", "date"}
    | {"timestamp", "timestamp_ntz", "variant", "void"}
)
_DECIMAL = re.compile(r"decimal\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)")


class _Invalid(Exception):  # noqa: N818 - never leaves this module
    pass


def schema_from_json(text: str, *, table: str) -> StructType:
    """Parse a ``schemaString``. Raises MalformedSchemaError."""
    try:
        parsed = _parse(msgspec.json.decode(text), depth=0)
    except (msgspec.DecodeError, UnicodeError, RecursionError, _Invalid) as error:
        raise MalformedSchemaError(table=table, reason=str(error)) from error
    if not isinstance(parsed, StructType):
        raise MalformedSchemaError(table=table, reason="the root is not a struct")
    return parsed


def schema_to_json(schema: StructType) -> str:
    """Return the ``schemaString`` of a schema."""
    return msgspec.json.encode(_json(schema)).decode()


def _parse(value: Any, *, depth: int) -> DataType:
    if depth > MAX_DEPTH:
        raise _Invalid(f"it nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return _primitive(value)
    if not isinstance(value, dict):
        raise _Invalid(f"{value!r:.100} is not a type")
    match value.get("type"):
        case "struct":
            return _struct(value, depth)
        case "array":
            return ArrayType(
                element_type=_parse(value.get("elementType"), depth=depth + 1),
                contains_null=value.get("containsNull") is not False,
            )
        case "map":
            return MapType(
                key_type=_parse(value.get("keyType"), depth=depth + 1),
                value_type=_parse(value.get("valueType"), depth=depth + 1),
                value_contains_null=value.get("valueContainsNull") is not False,
            )
        case other:
            raise _Invalid(f"{other!r:.100} is not a type")


def _struct(value: dict[str, Any], depth: int) -> StructType:
    found = value.get("fields")
    if not isinstance(found, list):
        raise _Invalid("a struct has no list of fields")
    fields = tuple(_field(part, depth) for part in found)
    seen: set[str] = set()
    for part in fields:
        if part.name.lower() in seen:
            raise _Invalid(f"two fields of a struct are called {part.name!r}")
        seen.add(part.name.lower())
    return StructType(fields)


def _field(value: Any, depth: int) -> StructField:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise _Invalid(f"{value!r:.100} is not a field")
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise _Invalid(f"the metadata of field {value['name']!r} is not an object")
    return StructField(
        name=value["name"],
        data_type=_parse(value.get("type"), depth=depth + 1),
        nullable=value.get("nullable") is not False,
        metadata=metadata,
    )


def _primitive(name: str) -> PrimitiveType:
    if name in _PRIMITIVES:
        return PrimitiveType(name)
    if name == "decimal":
        return PrimitiveType("decimal(10,0)")
    if match := _DECIMAL.fullmatch(name):
        precision, scale = int(match[1]), int(match[2])
        if 1 <= precision <= 38 and scale <= precision:
            return PrimitiveType(f"decimal({precision},{scale})")
    raise _Invalid(f"{name!r:.100} is not a type that is known here")


def _json(data_type: DataType) -> Any:
    match data_type:
        case PrimitiveType(name):
            return name
        case ArrayType():
            return {
                "type": "array",
                "elementType": _json(data_type.element_type),
                "containsNull": data_type.contains_null,
            }
        case MapType():
            return {
                "type": "map",
                "keyType": _json(data_type.key_type),
                "valueType": _json(data_type.value_type),
                "valueContainsNull": data_type.value_contains_null,
            }
        case StructType(fields):
            return {"type": "struct", "fields": [_field_json(part) for part in fields]}


def _field_json(part: StructField) -> dict[str, Any]:
    return {
        "name": part.name,
        "type": _json(part.data_type),
        "nullable": part.nullable,
        "metadata": dict(part.metadata),
    }
