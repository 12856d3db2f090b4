"""Typed values into other types, exactly: what does not come back the same is not cast."""

from __future__ import annotations

from pyspark.sql.types import (
    ArrayType,
    CharType,
    DataType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    NullType,
    StringType,
    StructType,
    VarcharType,
    VariantType,
)

from lakehouse.quality.casts.sql import literal
from lakehouse.quality.casts.text import exact_text
from lakehouse.tables import quoted

__all__ = ["exact_value"]


def exact_value(value: str, source: DataType, target: DataType) -> str:
    """Return SQL for ``value`` in the type ``target``; NULL where it, or anything in it, would not survive."""
    match source, target:
        case _ if source == target:
            return value
        case StringType(), _:
            return exact_text(value, target)
        case VariantType(), _:
            return exact_text(f"try_cast({value} AS STRING)", target)
        case ArrayType(), ArrayType():
            return _array(value, source, target)
        case MapType(), MapType():
            return _map(value, source, target)
        case StructType(), StructType() if len(source) == len(target):
            return _struct(value, source, target)
        case _, StringType() | NullType():
            return _tried(value, target)
        case _, CharType() | VarcharType():
            return exact_text(f"try_cast({value} AS STRING)", target)
        case NullType(), _:
            return _tried(value, target)
    there = _tried(value, target)
    back = f"{_tried(there, source)} = {value}"
    return f"CASE WHEN {back}{_below_largest(value, there, source, target)} THEN {there} END"


def _below_largest(value: str, there: str, source: DataType, target: DataType) -> str:
    """Return the condition without which 2 to the 63rd, a float, comes and goes as the largest integer, one less."""
    for whole, floating, number in ((source, target, there), (target, source, value)):
        if isinstance(whole, IntegerType | LongType) and isinstance(floating, FloatType | DoubleType):
            return f" AND {number} < {2**31 if isinstance(whole, IntegerType) else 2**63}D"
    return ""


def _array(value: str, source: ArrayType, target: ArrayType) -> str:
    element = exact_value("e", source.elementType, target.elementType)
    lost = f"exists({value}, e -> e IS NOT NULL AND {element} IS NULL)"
    return f"CASE WHEN NOT {lost} THEN transform({value}, e -> {element}) END"


def _struct(value: str, source: StructType, target: StructType) -> str:
    made, kept = [], [f"{value} IS NOT NULL"]
    for before, after in zip(source.fields, target.fields, strict=True):
        part = f"{value}.{quoted(before.name)}"
        cast = exact_value(part, before.dataType, after.dataType)
        made.append(f"{literal(after.name)}, {cast}")
        kept.append(f"({part} IS NULL OR {cast} IS NOT NULL)")
    return f"CASE WHEN {' AND '.join(kept)} THEN named_struct({', '.join(made)}) END"


def _map(value: str, source: MapType, target: MapType) -> str:
    key = exact_value("e.key", source.keyType, target.keyType)
    item = exact_value("e.value", source.valueType, target.valueType)
    entries = f"map_entries({value})"
    lost = f"exists({entries}, e -> {key} IS NULL OR (e.value IS NOT NULL AND {item} IS NULL))"
    apart = f"size(array_distinct(transform({entries}, e -> {key}))) = size({value})"
    made = f"map_from_entries(transform({entries}, e -> struct({key}, {item})))"
    return f"CASE WHEN NOT {lost} AND {apart} THEN {made} END"


def _tried(value: str, target: DataType) -> str:
    return f"try_cast({value} AS {target.simpleString()})"
