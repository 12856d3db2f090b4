"""The types that values of a file have, as far as they all fit: what is inferred is read from the whole file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyarrow as pa

from lakehouse.delta_log import is_widening
from lakehouse.ingestion.formats.records.json_text import TextNumber
from lakehouse.ingestion.formats.records.types import arrow_type, type_text

__all__ = [
    "evolved_text",
    "evolved_type",
    "fits",
    "fits_text",
    "joined_text",
    "joined_type",
    "settled_text",
    "settled_type",
    "type_of_value",
]

_MOST_DIGITS = 38
_MOST_REMEMBERED = 4096
"""Thousands of files say the same of the same columns."""


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


def evolved_type(known: pa.DataType, found: pa.DataType) -> pa.DataType:
    """Return what a table's column becomes by values of a type: wider, or with more fields; else it stays."""
    if pa.types.is_struct(known) and pa.types.is_struct(found):
        before, came = _fields(known), _fields(found)
        same = {name: evolved_type(held, came.get(name, held)) for name, held in before.items()}
        new = {name: settled_type(held) for name, held in came.items() if name not in before}
        return pa.struct(list({**same, **new}.items()))
    if pa.types.is_list(known) and pa.types.is_list(found):
        # The elements of a list are widened in no table; structs in it may get fields.
        element = known.value_type
        return pa.list_(evolved_type(element, found.value_type)) if pa.types.is_struct(element) else known
    return found if _widens(known, found) else known


def fits(known: pa.DataType, found: pa.DataType) -> bool:
    """Say whether a column takes all values of a type as they are."""
    if known == joined_type(known, found) or _widens(found, known):
        return True
    if pa.types.is_struct(known) and pa.types.is_struct(found):
        held = _fields(known)
        return all(name in held and fits(held[name], came) for name, came in _fields(found).items())
    if pa.types.is_list(known) and pa.types.is_list(found):
        return fits(known.value_type, found.value_type)
    return False


def _widens(narrow: pa.DataType, wide: pa.DataType) -> bool:
    if pa.types.is_nested(narrow) or pa.types.is_nested(wide):
        return False
    return is_widening(type_text(narrow), type_text(wide))


def _fields(held: pa.DataType) -> Mapping[str, pa.DataType]:
    return {each.name: each.type for each in held}


def _decimal_type(value: Decimal) -> pa.DataType:
    _, digits, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    precision = max(len(digits), scale)
    return pa.decimal128(precision, scale) if precision <= _MOST_DIGITS else pa.string()


# The same of types as DDL writes them


@lru_cache(_MOST_REMEMBERED)
def joined_text(one: str, other: str) -> str:
    """Return the type that holds the values of both."""
    return type_text(joined_type(arrow_type(one), arrow_type(other)))


@lru_cache(_MOST_REMEMBERED)
def settled_text(held: str) -> str:
    """Return the type with strings for what no value told anything about."""
    return type_text(settled_type(arrow_type(held)))


@lru_cache(_MOST_REMEMBERED)
def evolved_text(known: str, found: str) -> str:
    """Return what a table's column becomes by values of a type."""
    return type_text(evolved_type(arrow_type(known), arrow_type(found)))


@lru_cache(_MOST_REMEMBERED)
def fits_text(known: str, found: str) -> bool:
    """Say whether a column takes all values of a type as they are."""
    return fits(arrow_type(known), arrow_type(found))
