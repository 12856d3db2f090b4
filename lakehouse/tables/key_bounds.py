"""Find the ranges of some rows' keys in one aggregate, grouped so that a few stray keys don't widen all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from lakehouse.delta_log import Separation
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.key_ranges import KeyRange

__all__ = ["KeyBounds", "bounds_of_keys"]

_EPOCH = dt.datetime(1970, 1, 1)
_GROUP = "__lakehouse_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBounds:
    """Where the keys of some rows lie."""

    groups: Sequence[Mapping[str, KeyRange]]
    """By column, the range of the values in each group of rows."""
    row_counts: Sequence[int]
    """How many rows each group has."""

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return sum(self.row_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """How values of a type are put in order and brought to the driver, exactly."""

    ordinal: Callable[[Column], Column] = lambda column: column
    """The value as Spark orders it."""
    shown: Callable[[Column], Column] = lambda bound: bound
    """A bound as it is collected without a loss."""
    literal: Callable[[Any], Column] = F.lit
    """A value of the log's order, as Spark compares it. Raises ValueError or OverflowError beyond Python's dates."""
    value: Callable[[Any], Any] = lambda ordinal: ordinal
    """What was collected as the log compares it. Raises ValueError or OverflowError beyond Python's dates."""
    is_odd: Callable[[Column], Column] | None = None
    """Whether a value is in no order with the others."""
    is_exact: Callable[[Column], Column] = lambda bound: F.lit(True)
    """Whether a bound comes to the driver as it is."""


_PLAIN = _Ordered()
_FLOATING = _Ordered(is_odd=F.isnan)
_TEXT = _Ordered(is_exact=F.is_valid_utf8)
_DATE = _Ordered(ordinal=F.unix_date, value=lambda days: dt.date.fromordinal(days + _EPOCH.toordinal()))
_MOMENT = _Ordered(
    ordinal=F.unix_micros,
    value=lambda micros: (_EPOCH + dt.timedelta(microseconds=micros)).replace(tzinfo=dt.UTC),
)
_LOCAL_MOMENT = _Ordered(
    shown=lambda bound: bound.cast("string"),
    literal=lambda micros: F.lit(str(_EPOCH + dt.timedelta(microseconds=micros))).cast("timestamp_ntz"),
    value=dt.datetime.fromisoformat,
)
_TYPES: dict[type[DataType], _Ordered] = {
    **dict.fromkeys((BooleanType, ByteType, ShortType, IntegerType, LongType, DecimalType), _PLAIN),
    FloatType: _FLOATING,
    DoubleType: _FLOATING,
    DateType: _DATE,
    TimestampType: _MOMENT,
    TimestampNTZType: _LOCAL_MOMENT,
}


def bounds_of_keys(
    rows: DataFrame, columns: Sequence[str], *, held: StructType, separation: Separation | None
) -> KeyBounds:
    """Return the ranges of the rows' values in each group of rows; without rows, no group.

    ``rows`` are looked at once. ``held`` is the schema of the table that is compared with: a column of another
    type, or of one that has no order in the log, is left out. Groups follow ``separation``.
    """
    known = _ordered_columns(rows.schema, columns, held)
    group = _group(separation, known) if separation is not None else F.lit(0)
    bounds = [part for number, name in enumerate(known) for part in _bounds(number, name, known[name])]
    found = rows.groupBy(group.alias(_GROUP)).agg(F.count(F.lit(1)).alias("rows"), *bounds).collect()
    return KeyBounds(groups=[_ranges(row, known) for row in found], row_counts=[row["rows"] for row in found])


def _ordered_columns(schema: StructType, columns: Sequence[str], held: StructType) -> dict[str, _Ordered]:
    types = {field.name: field.dataType for field in held}
    shown = {field.name: field.dataType for field in schema}
    found = {}
    for name in columns:
        data_type = shown.get(name)
        if data_type is None or types.get(name) != data_type:
            continue
        ordered = _TEXT if data_type == StringType() else _TYPES.get(type(data_type))
        if ordered is not None:
            found[name] = ordered
    return found


def _group(separation: Separation, known: Mapping[str, _Ordered]) -> Column:
    (name, *deeper) = separation.path
    if deeper or name not in known:
        return F.lit(0)
    ordered = known[name]
    try:
        cuts = [ordered.literal(cut) for cut in separation.cuts]
    except (ValueError, OverflowError):
        return F.lit(0)
    return _place(ordered.ordinal(F.col(quoted(name))), cuts, first=0)


def _place(value: Column, cuts: Sequence[Column], *, first: int) -> Column:
    """Return between which of the ascending cuts a value lies, as a number, by halving."""
    if not cuts:
        return F.lit(first)
    middle = len(cuts) // 2
    below = _place(value, cuts[:middle], first=first)
    return F.when(value < cuts[middle], below).otherwise(
        _place(value, cuts[middle + 1 :], first=first + middle + 1)
    )


def _bounds(number: int, name: str, ordered: _Ordered) -> Sequence[Column]:
    column = F.col(quoted(name))
    odd = F.lit(False) if ordered.is_odd is None else F.coalesce(ordered.is_odd(column), F.lit(False))
    value = ordered.ordinal(column if ordered.is_odd is None else F.when(~odd, column))
    low, high = F.min(value), F.max(value)
    exact = F.coalesce(ordered.is_exact(low) & ordered.is_exact(high), F.lit(True))
    return (
        ordered.shown(low).alias(f"low_{number}"),
        ordered.shown(high).alias(f"high_{number}"),
        F.count_if(column.isNull()).alias(f"nulls_{number}"),
        (exact & (F.count_if(odd) == 0)).alias(f"exact_{number}"),
    )


def _ranges(row: Row, known: Mapping[str, _Ordered]) -> Mapping[str, KeyRange]:
    ranges = {}
    for number, (name, ordered) in enumerate(known.items()):
        if not row[f"exact_{number}"]:
            continue
        low, high = row[f"low_{number}"], row[f"high_{number}"]
        try:
            smallest = None if low is None else ordered.value(low)
            largest = None if high is None else ordered.value(high)
        except (ValueError, OverflowError):  # before year 1 or after 9999
            continue
        ranges[name] = KeyRange(smallest=smallest, largest=largest, has_null=row[f"nulls_{number}"] > 0)
    return ranges
