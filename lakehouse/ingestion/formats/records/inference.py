"""The types that values of a file have, as far as they all fit: what is inferred is read from the whole file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from lakehouse.ingestion.formats.records.json_text import TextNumber

__all__ = ["joined_type", "type_of_value"]

_MOST_DIGITS = 38


def type_of_value(value: Any) -> pa.DataType:
    """Return the smallest type that holds a value; ``pa.null()`` for one that says nothing."""
    match value:
        case None:
            return pa.null()
        case bool():
            return pa.bool_()
        case int():
            return pa.int64() if -(1 << 63) <= value < 1 << 63 else pa.string()
        case TextNumber() | float():
            return pa.float64()
        case Decimal():
            return pa.string() if not value.is_finite() else _decimal_type(value)
        case dt.datetime():
            return pa.timestamp("us", "UTC") if value.tzinfo else pa.timestamp("us")
        case dt.date():
            return pa.date32()
        case bytes():
            return pa.binary()
        case dict():
            return pa.struct([(str(name), type_of_value(each)) for name, each in value.items()])
        case list():
            element = pa.null()
            for each in value:
                element = joined_type(element, type_of_value(each))
            return pa.list_(element)
        case _:
            return pa.string()


def joined_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type that holds the values of both; strings hold everything."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(joined_type(one.value_type, other.value_type))
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        return pa.struct(list(joined_fields(_fields(one), _fields(other)).items()))
    return pa.string()


def joined_fields(
    one: Mapping[str, pa.DataType], other: Mapping[str, pa.DataType]
) -> Mapping[str, pa.DataType]:
    """Return the fields of both, in the order in which they came."""
    found = dict(one)
    for name, held in other.items():
        found[name] = joined_type(found.get(name, pa.null()), held)
    return found


def settled_type(held: pa.DataType) -> pa.DataType:
    """Return the type with strings for what no value told anything about."""
    if pa.types.is_null(held):
        return pa.string()
    if pa.types.is_list(held):
        return pa.list_(settled_type(held.value_type))
    if pa.types.is_struct(held):
        if held.num_fields == 0:
            return pa.string()
        return pa.struct([(each.name, settled_type(each.type)) for each in held])
    return held


def _fields(held: pa.DataType) -> Mapping[str, pa.DataType]:
    return {each.name: each.type for each in held}


def _decimal_type(value: Decimal) -> pa.DataType:
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    precision = max(len(digits), scale)
    return pa.decimal128(precision, scale) if precision <= _MOST_DIGITS else pa.string()
