"""How rows of two tables become pairs: they agree in some columns, and their times lie close enough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StructField, StructType, TimestampType

from lakehouse.delta_log import Predicate, col
from lakehouse.pipelines.declare.sources.moments import microseconds
from lakehouse.tables import TableLog, quoted

__all__ = ["Pairing", "span_of_new"]

_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
_DAY_US = dt.timedelta(days=1) // _MICROSECOND
_THEIRS = "__lakehouse_theirs_{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Which rows of a left table and a right one make a pair, and the columns of a pair."""

    right: str
    """What the right table is called where a column of it needs another name."""
    on: tuple[str, ...]
    times: tuple[str, ...]
    """The columns of the left row's time and the right row's."""
    earlier: dt.timedelta
    """How far the right row's time may lie before the left row's."""
    later: dt.timedelta
    """How far it may lie behind that."""

    def schema(self, ours: StructType, theirs: StructType) -> StructType:
        """Return the schema of the pairs."""
        named = self._names_of(ours.names, theirs.names)
        added = [StructField(named[each.name], each.dataType) for each in theirs.fields if each.name in named]
        return StructType([*ours.fields, *added])

    def of(self, ours: DataFrame, theirs: DataFrame) -> DataFrame:
        """Return the pairs of the rows of two frames."""
        named = self._names_of(ours.columns, theirs.columns)
        hidden = {name: _THEIRS.format(at) for at, name in enumerate(theirs.columns)}
        right = theirs.select(*(F.col(quoted(name)).alias(hidden[name]) for name in theirs.columns))
        left_time, right_time = self.times
        our_us = microseconds(F.col(quoted(left_time)), ours.schema[left_time].dataType)
        their_us = microseconds(F.col(hidden[right_time]), theirs.schema[right_time].dataType)
        together = their_us.between(
            our_us - F.lit(self.earlier // _MICROSECOND), our_us + F.lit(self.later // _MICROSECOND)
        )
        for name in self.on:
            together = together & (F.col(quoted(name)) == F.col(hidden[name]))
        shown = [F.col(hidden[name]).alias(alias) for name, alias in named.items()]
        return ours.join(right, together, "inner").select(
            *(F.col(quoted(name)) for name in ours.columns), *shown
        )

    def near_left(self, span_us: tuple[int, int], right: StructType) -> Predicate | None:
        """Return what right rows meet that can pair with left ones of these times; None where it can't be said."""
        first, last = span_us
        time = right[self.times[1]]
        return _between(time, first - self.earlier // _MICROSECOND, last + self.later // _MICROSECOND)

    def near_right(self, span_us: tuple[int, int], left: StructType) -> Predicate | None:
        """Return the same of left rows, for right ones of these times."""
        first, last = span_us
        time = left[self.times[0]]
        return _between(time, first - self.later // _MICROSECOND, last + self.earlier // _MICROSECOND)

    def _names_of(self, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
        """Return what the right table's columns are called in a pair; those that both agree in come once."""
        taken = {name.lower() for name in ours}
        return {
            name: f"{self.right}_{name}" if name.lower() in taken else name
            for name in theirs
            if name not in self.on
        }


def span_of_new(
    log: TableLog, new: DataFrame, time: str, *, after: int, through: int
) -> tuple[int, int] | None:
    """Return bounds in microseconds of the times of rows that came; None where there is no time.

    The log tells them, or else the rows themselves, in a job of Spark's.
    """
    data_type: DataType = new.schema[time].dataType
    if isinstance(data_type, DateType | TimestampType):
        span = log.span_added(time, after=after, through=through)
        if span is not None:
            unit_us = _DAY_US if isinstance(data_type, DateType) else 1
            return span[0] * unit_us, span[1] * unit_us
    us = microseconds(F.col(quoted(time)), data_type)
    found = new.agg(F.min(us), F.max(us)).first()
    return None if found is None or found[0] is None else (found[0], found[1])


def _between(time: StructField, first_us: int, last_us: int) -> Predicate | None:
    """Return that a time lies between two moments; None where they can't be written."""
    try:
        first, last = (_EPOCH + us * _MICROSECOND for us in (first_us, last_us))
    except OverflowError:
        return None
    column = col(time.name)
    if isinstance(time.dataType, DateType):
        return (column >= first.date()) & (column <= last.date())
    if isinstance(time.dataType, TimestampType):
        return (column >= first) & (column <= last)
    return None
