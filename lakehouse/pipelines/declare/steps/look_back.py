"""How far from a row's own time the table's rows lie that it is compared with: ``30 days``."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, TimestampType

from lakehouse.delta_log import Or, Predicate, col
from lakehouse.pipelines.declare.durations import duration
from lakehouse.tables import KeyRange

__all__ = ["LookBack"]

_COLUMN = re.compile(r"\s*(?:([^\W\d]\w*)|`([^`]+)`)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """A length of time and the column that it counts for, a date or a timestamp. A day has 24 hours, in any zone."""

    text: str
    column: str
    length: dt.timedelta

    @classmethod
    def of(cls, written: str, *, column: str) -> LookBack | None:
        """Read a length such as ``30 days`` and the name of a column; None where one of the two is something else."""
        length, named = duration(written), _COLUMN.fullmatch(column)
        if length is None or named is None:
            return None
        return cls(text=written.strip(), column=named[1] or named[2], length=length)

    def reaches(self, ours: Column, theirs: Column, data_type: DataType) -> Column:
        """Return whether two values are no further apart than this; NULL reaches NULL alone. Never NULL itself."""
        if isinstance(data_type, DateType):
            near = F.abs(F.unix_date(ours) - F.unix_date(theirs)) <= self.length / dt.timedelta(days=1)
        elif isinstance(data_type, TimestampType):
            near = F.abs(F.unix_micros(ours) - F.unix_micros(theirs)) <= self.length // dt.timedelta(
                microseconds=1
            )
        else:
            near = F.abs(ours - theirs) <= F.lit(self.length)
        return F.coalesce(near, ours.isNull() & theirs.isNull())

    def around(self, values: KeyRange) -> KeyRange | None:
        """Return the range of all values that these reach; None where Python's dates don't go so far."""
        if values.smallest is None:
            return values
        margin = self._margin(values)
        try:
            return dataclasses.replace(
                values, smallest=values.smallest - margin, largest=values.largest + margin
            )
        except OverflowError:
            return None

    def beyond(self, values: KeyRange) -> Predicate:
        """Return the condition that a value is out of reach for at least one of these, as far as is known."""
        time, parts = col(self.column), list[Predicate]()
        if values.has_null:
            parts.append(time.is_not_null())
        if values.smallest is not None:
            parts.append(time.is_null())
            margin = self._margin(values)
            with suppress(OverflowError):
                parts.append(time < values.largest - margin)
            with suppress(OverflowError):
                parts.append(time > values.smallest + margin)
        return Or(tuple(parts))

    def _margin(self, values: KeyRange) -> dt.timedelta:
        if isinstance(values.smallest, dt.datetime):
            return self.length
        return dt.timedelta(days=self.length // dt.timedelta(days=1))
