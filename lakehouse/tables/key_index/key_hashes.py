"""A key of several columns as one number, by Spark; rows of the same key have the same."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BinaryType,
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

from lakehouse.tables.identifiers import quoted

__all__ = ["hashable_columns", "hashes_of"]

_PLAIN = (
    BinaryType,
    BooleanType,
    ByteType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    TimestampNTZType,
    TimestampType,
)


def hashable_columns(
    columns: Sequence[str], *, ours: StructType, held: StructType
) -> Sequence[tuple[str, str]] | None:
    """Return the columns with their types; None where two equal keys might not have one hash.

    So it is where a column has another type in the table, and where texts that differ are equal.
    """
    types = {field.name: field.dataType for field in ours}
    there = {field.name: field.dataType for field in held}
    if any(types.get(name) != there.get(name) or not _is_plain(types.get(name)) for name in columns):
        return None
    return [(name, types[name].simpleString()) for name in columns]


def hashes_of(columns: Sequence[tuple[str, str]]) -> Column:
    """Return the hash of a row's key: NULL equals NULL, NaN equals NaN, and the two zeros are one."""
    return F.xxhash64(*(_without_sign_of_zero(name, data_type) for name, data_type in columns))


def _without_sign_of_zero(name: str, data_type: str) -> Column:
    column = F.col(quoted(name))
    if data_type not in ("float", "double"):
        return column
    return F.when(column == 0, F.lit(0).cast(data_type)).otherwise(column)


def _is_plain(data_type: DataType | None) -> bool:
    return data_type == StringType() or isinstance(data_type, _PLAIN)
