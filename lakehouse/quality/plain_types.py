"""Types whose names mean the same in every session: read here, for Spark's parser takes a millisecond for each."""

from __future__ import annotations

import re

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
    TimestampNTZType,
)

__all__ = ["plain_type"]

_NAMED: dict[str, type[DataType]] = {
    "bigint": LongType,
    "binary": BinaryType,
    "boolean": BooleanType,
    "date": DateType,
    "double": DoubleType,
    "float": FloatType,
    "int": IntegerType,
    "integer": IntegerType,
    "long": LongType,
    "smallint": ShortType,
    "string": StringType,
    "timestamp_ntz": TimestampNTZType,
    "tinyint": ByteType,
}
"""Without ``timestamp``, which is with or without a zone as the session says."""
_DECIMAL = re.compile(r"decimal ?\( ?([0-9]{1,2}) ?, ?([0-9]{1,2}) ?\)")
_LONGEST = 38
"""Digits of a decimal."""


def plain_type(text: str) -> DataType | None:
    """Return the type that ``text`` names in every session; None where only a session can tell."""
    name = text.strip(" ").lower()
    if name in _NAMED:
        return _NAMED[name]()
    if (found := _DECIMAL.fullmatch(name)) is None:
        return None
    precision, scale = int(found[1]), int(found[2])
    return DecimalType(precision, scale) if scale <= precision <= _LONGEST and precision else None
