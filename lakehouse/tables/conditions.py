"""A condition of the log's as a column of Spark's, with the same answer for every row."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.delta_log import (
    And,
    Comparison,
    InvalidConditionError,
    InvalidPredicateError,
    IsIn,
    IsNull,
    Not,
    Or,
    Predicate,
    PrimitiveType,
    Snapshot,
    StructField,
    condition,
)
from lakehouse.tables.identifiers import quoted

__all__ = ["as_column", "narrowed"]

_OPERATORS: dict[str, Callable[[Any, Any], Column]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def as_column(predicate: Predicate) -> Column:
    """Return the condition for ``DataFrame.where``."""
    match predicate:
        case And(parts):
            return functools.reduce(operator.and_, map(as_column, parts), F.lit(True))
        case Or(parts):
            return functools.reduce(operator.or_, map(as_column, parts), F.lit(False))
        case Not(part):
            return ~as_column(part)
        case IsNull(path):
            return _column(path).isNull()
        case IsIn(path, values):
            return as_column(Or(tuple(Comparison(path, "==", value) for value in values)))
        case Comparison(path, name, value):
            return _compared(_column(path), name, value)
    raise TypeError(f"{predicate!r} is not a condition made with col")


def _compared(column: Column, name: str, value: Any) -> Column:
    if isinstance(value, float) and math.isnan(value):
        return F.lit(name == "!=")
    compared = _OPERATORS[name](column, F.lit(value))
    # Spark takes NaN for the largest number; the statistics that choose the files know nothing of it.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return compared & ~F.isnan(column) if name in (">", ">=") and is_number else compared


def _column(path: tuple[str, ...]) -> Column:
    return F.col(".".join(map(quoted, path)))


_TOLD_ALIKE = frozenset({"byte", "short", "integer", "long", "string", "date", "boolean"})
"""Types of which Spark and the log compare every value alike: NaN, moments and decimals in quotes are others."""
_COMPARED_OTHERWISE = ("__CHAR_VARCHAR_TYPE_STRING", "__COLLATIONS")


def narrowed(text: str, snapshot: Snapshot) -> Predicate | None:
    """Return a condition of the log's that every row meets which meets Spark's; None where nobody knows one."""
    if "\\" in text:
        return None  # Spark reads escapes in texts
    try:
        found = condition(text, snapshot.schema)
        if all(len(path) == 1 and _is_told_alike(snapshot.struct.get(path[0])) for path in found.columns):
            snapshot.files(found)
            return found
    except (InvalidConditionError, InvalidPredicateError):
        pass
    return None


def _is_told_alike(field: StructField | None) -> bool:
    return (
        field is not None
        and isinstance(field.data_type, PrimitiveType)
        and field.data_type.name in _TOLD_ALIKE
        and not any(key in field.metadata for key in _COMPARED_OTHERWISE)
    )
