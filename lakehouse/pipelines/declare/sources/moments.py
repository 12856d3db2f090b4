"""Points in time as numbers, whatever their type is."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, TimestampNTZType, TimestampType

__all__ = ["is_moment", "microseconds"]


def is_moment(data_type: DataType) -> bool:
    """Say whether values of the type have a distance in time."""
    return isinstance(data_type, DateType | TimestampType | TimestampNTZType)


def microseconds(moment: Column, data_type: DataType) -> Column:
    """Return a date or timestamp in microseconds since the epoch; one without a zone counts as of the session's."""
    if isinstance(data_type, DateType):
        return F.unix_date(moment).cast("bigint") * F.lit(86_400_000_000)
    return F.unix_micros(moment.cast("timestamp"))
