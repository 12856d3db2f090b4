"""Which rows of a source may belong to some groups, as a condition that its log can leave files out by."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pyspark.sql.types import (
    ByteType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampType,
)

from lakehouse.delta_log import Predicate, col
from lakehouse.pipelines.declare.expressions import MonotoneColumn
from lakehouse.pipelines.declare.steps import Step

__all__ = ["may_be_of_groups"]

_FEW = 32
"""Above this many values only the smallest and the biggest count."""
_SLACK = dt.timedelta(days=2)
"""More than any two time zones are apart: days are counted in the session's, instants in UTC."""


def may_be_of_groups(
    keys: Sequence[str], groups: Sequence[Sequence[Any]], before: Sequence[Step], schema: StructType
) -> Predicate | None:
    """Return a condition that each row of ``groups`` meets; None where nothing can be said.

    ``groups`` are the values of ``keys``, one row a group; ``before`` are the steps from the source, of this
    schema, to the rows that are grouped.
    """
    found: list[Predicate] = [
        condition
        for position, key in enumerate(keys)
        if (condition := _condition(key, [group[position] for group in groups], before, schema)) is not None
    ]
    return functools.reduce(lambda one, other: one & other, found) if found else None


def _condition(
    key: str, values: Sequence[Any], before: Sequence[Step], schema: StructType
) -> Predicate | None:
    origin = MonotoneColumn.of(key)
    name = origin.column if origin is not None else None
    for step in reversed(before):
        name = step.passes_on(name) if name is not None else None
    if origin is None or name is None or name not in schema.names:
        return None
    known = {value for value in values if value is not None}
    reach = _of_days if origin.span_days else _of_values
    condition: Predicate | None = (
        reach(name, known, origin.span_days, schema[name].dataType) if known else col(name).is_null()
    )
    if condition is None or not known or len(known) == len(set(values)):
        return condition
    either: Predicate = condition | col(name).is_null()
    return either


def _of_values(name: str, values: set[Any], _: int, data_type: DataType) -> Predicate | None:
    whole = isinstance(data_type, ByteType | ShortType | IntegerType | LongType | DateType | DecimalType)
    if not (whole or data_type == StringType()):  # another collation has another order than the statistics
        return None
    if not all(type(value) in (int, str, dt.date, Decimal) for value in values):
        return None
    if len(values) <= _FEW:
        return col(name).is_in(sorted(values))
    between: Predicate = (col(name) >= min(values)) & (col(name) <= max(values))
    return between


def _of_days(name: str, values: set[Any], span_days: int, data_type: DataType) -> Predicate | None:
    if not isinstance(data_type, DateType | TimestampType) or not all(
        isinstance(value, dt.date) for value in values
    ):
        return None
    days = [value.date() if isinstance(value, dt.datetime) else value for value in values]
    try:
        first, last = min(days) - _SLACK, max(days) + dt.timedelta(days=span_days) + _SLACK
    except OverflowError:
        return None
    if isinstance(data_type, DateType):
        return (col(name) >= first) & (col(name) <= last)
    midnight = dt.time(tzinfo=dt.UTC)
    return (col(name) >= dt.datetime.combine(first, midnight)) & (
        col(name) <= dt.datetime.combine(last, midnight)
    )
