"""A predicate of one table: its columns by their own names, its literals as values of the columns' types.

A literal of another type is compared exactly. Against whole numbers, ``x < 44.5`` is ``x <= 44``, and
``x == 44.5`` is false wherever ``x`` is not null.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.errors import InvalidPredicateError, NoSuchColumnError
from lakehouse.delta_log.scan.brackets import Bracket, bracket
from lakehouse.delta_log.scan.predicates import (
    And,
    ColumnPath,
    Comparison,
    IsIn,
    IsMember,
    IsNull,
    Not,
    Or,
    Predicate,
    WhereNotNull,
)
from lakehouse.delta_log.scan.statistics import find_column
from lakehouse.delta_log.schema import PrimitiveType, StructField, StructType, arrow_type

__all__ = ["bound_to"]


def bound_to(predicate: Predicate, schema: StructType, *, table: str) -> Predicate:
    """Return the predicate in the table's own names and types.

    Raises NoSuchColumnError, and InvalidPredicateError where a value can't be compared with its column.
    """
    find = functools.partial(_fields, schema=schema, table=table)
    try:
        return _bound(predicate, find)
    except (TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        raise InvalidPredicateError(table=table, predicate=repr(predicate), reason=str(error)) from error


_Finder = Callable[[ColumnPath], Sequence[StructField]]


def _fields(path: ColumnPath, schema: StructType, table: str) -> Sequence[StructField]:
    fields = find_column(schema, path)
    if fields is None:
        raise NoSuchColumnError(table=table, column=".".join(path), available=schema.names)
    return fields


def _bound(predicate: Predicate, find: _Finder) -> Predicate:
    match predicate:
        case And(parts):
            return And(tuple(_bound(part, find) for part in parts))
        case Or(parts):
            return Or(tuple(_bound(part, find) for part in parts))
        case Not(part):
            return Not(_bound(part, find))
        case Comparison(path, name, value):
            own_path, data_type = _own(path, find)
            return _comparison(own_path, name, value, data_type)
        case IsIn(path, values):
            own_path, data_type = _own(path, find)
            return _is_in(own_path, values, data_type)
        case IsNull(path):
            return IsNull(tuple(field.name for field in find(path)))
    raise TypeError(f"{predicate!r} is not a condition made with col")


def _own(path: ColumnPath, find: _Finder) -> tuple[ColumnPath, pa.DataType]:
    fields = find(path)
    data_type = fields[-1].data_type
    if not isinstance(data_type, PrimitiveType) or data_type.name == "variant":
        raise TypeError(f"the column {'.'.join(path)!r} is nested: only its fields can be compared")
    return tuple(field.name for field in fields), arrow_type(data_type)


def _comparison(path: ColumnPath, name: str, value: Any, data_type: pa.DataType) -> Predicate:
    if value is None or data_type == pa.null():
        return WhereNotNull(path, None)
    found = bracket(value, data_type)
    if found.is_unordered:
        if found.low is None:
            return WhereNotNull(path, name == "!=")
        return Comparison(path, name, pa.scalar(found.low, data_type))
    if found.is_exact:
        return Comparison(path, name, pa.scalar(found.low, data_type))
    match name:
        case "==" | "!=":
            return WhereNotNull(path, name == "!=")
        case "<" | "<=":
            end, name = found.low, "<="
        case _:
            end, name = found.high, ">="
    return WhereNotNull(path, False) if end is None else Comparison(path, name, pa.scalar(end, data_type))


def _is_in(path: ColumnPath, values: Sequence[Any], data_type: pa.DataType) -> Predicate:
    if data_type == pa.null():
        return WhereNotNull(path, None)
    if not values:
        return Or(())  # as SQL has it: nothing is in an empty list, null included
    has_null = any(value is None for value in values)
    found: dict[Any, None] = {}
    for value in values:
        if value is not None:
            found.update(dict.fromkeys(_members(bracket(value, data_type), data_type)))
    members = pa.array(list(found), data_type)
    if data_type in (pa.float32(), pa.float64()) and 0.0 in found:
        # Arrow tells the two zeros apart when it looks a value up, and not when it compares.
        members = pa.concat_arrays([members, pa.array([0.0, -0.0], data_type)])
    return IsMember(path, members, has_null=has_null)


def _members(found: Bracket, data_type: pa.DataType) -> list[Any]:
    if not found.is_exact or (isinstance(found.low, float) and math.isnan(found.low)):
        return []
    return [found.low]
