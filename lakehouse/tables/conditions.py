"""A condition of the log's as a column of Spark's, with the same answer for every row."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.delta_log import And, Comparison, IsIn, IsNull, Not, Or, Predicate
from lakehouse.tables.identifiers import quoted

__all__ = ["as_column"]

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
