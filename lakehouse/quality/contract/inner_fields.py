"""Fields within a column that the table lacks: SQL that leaves them out, and that says whether one has a value."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse.quality.casts.sql import literal
from lakehouse.tables import quoted

__all__ = ["has_value_in_others", "with_known_fields", "without_others"]


def with_known_fields(found: DataType, expected: DataType) -> DataType:
    """Return the type ``found`` without the fields that ``expected`` lacks, the others in its order and spelling.

    Those within keys of maps stay: without them, keys would be equal that are not.
    """
    match found, expected:
        case StructType(), StructType():
            return StructType(
                [
                    StructField(other.name, with_known_fields(one.dataType, other.dataType), one.nullable)
                    for one, other in _known(found, expected)
                ]
            )
        case ArrayType(), ArrayType():
            element = with_known_fields(found.elementType, expected.elementType)
            return ArrayType(element, found.containsNull)
        case MapType(), MapType():
            value = with_known_fields(found.valueType, expected.valueType)
            return MapType(found.keyType, value, found.valueContainsNull)
    return found


def without_others(value: str, found: DataType, expected: DataType, *, depth: int = 0) -> str:
    """Return SQL for ``value``, of the type ``found``, in the type of ``with_known_fields``."""
    if with_known_fields(found, expected) == found:
        return value
    item = f"e{depth}"
    match found, expected:
        case StructType(), StructType():
            parts = [
                f"{literal(other.name)}, "
                + without_others(f"{value}.{quoted(one.name)}", one.dataType, other.dataType, depth=depth)
                for one, other in _known(found, expected)
            ]
            return f"CASE WHEN {value} IS NOT NULL THEN named_struct({', '.join(parts)}) END"
        case ArrayType(), ArrayType():
            inner = without_others(item, found.elementType, expected.elementType, depth=depth + 1)
            return f"transform({value}, {item} -> {inner})"
        case MapType(), MapType():
            inner = without_others(item, found.valueType, expected.valueType, depth=depth + 1)
            return f"transform_values({value}, (k{depth}, {item}) -> {inner})"
    return value


def has_value_in_others(value: str, found: DataType, expected: DataType, *, depth: int = 0) -> str:
    """Return SQL, true or false for each row: whether a field that ``expected`` lacks has a value in ``value``."""
    item = f"e{depth}"
    match found, expected:
        case StructType(), StructType():
            names = {each.name.lower() for each in expected.fields}
            others = [
                f"{value}.{quoted(each.name)} IS NOT NULL"
                for each in found.fields
                if each.name.lower() not in names
            ]
            others += [
                inner
                for one, other in _known(found, expected)
                if (
                    inner := has_value_in_others(
                        f"{value}.{quoted(one.name)}", one.dataType, other.dataType, depth=depth
                    )
                )
                != "false"
            ]
            return f"({' OR '.join(others)})" if others else "false"
        case ArrayType(), ArrayType():
            inner = has_value_in_others(item, found.elementType, expected.elementType, depth=depth + 1)
            return inner if inner == "false" else f"coalesce(exists({value}, {item} -> {inner}), false)"
        case MapType(), MapType():
            inner = has_value_in_others(item, found.valueType, expected.valueType, depth=depth + 1)
            within = f"coalesce(exists(map_values({value}), {item} -> {inner}), false)"
            return inner if inner == "false" else within
    return "false"


def _known(found: StructType, expected: StructType) -> Iterator[tuple[StructField, StructField]]:
    """Yield each field of both, as each has it, in the order of ``expected``."""
    there = {each.name.lower(): each for each in found.fields}
    for each in expected.fields:
        if (one := there.get(each.name.lower())) is not None:
            yield one, each
