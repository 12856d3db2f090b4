"""Types of a contract and types of Spark: the physical type where it is one of Spark's, or else the logical one."""

from __future__ import annotations

import re

from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    CharType,
    DataType,
    DateType,
    FractionalType,
    IntegralType,
    MapType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)

from lakehouse.quality.odcs.document import OdcsProperty
from lakehouse.quality.plain_types import plain_type

__all__ = ["default_type", "exact_type", "fits_logical_type", "logical_type", "named_type"]

_OF_SPARK = re.compile(
    r"(tinyint|smallint|int|bigint|float|double|boolean|string|binary|date|timestamp|timestamp_ntz|variant"
    r"|decimal\(\d+,\s*\d+\)|(array|map|struct)<.+>)",
    re.IGNORECASE | re.DOTALL,
)
_LOGICAL: tuple[tuple[str, tuple[type[DataType], ...]], ...] = (
    ("string", (StringType, CharType, VarcharType)),
    ("date", (DateType,)),
    ("timestamp", (TimestampType, TimestampNTZType)),
    ("integer", (IntegralType,)),
    ("number", (FractionalType, IntegralType)),
    ("boolean", (BooleanType,)),
    ("array", (ArrayType,)),
    ("object", (StructType, MapType)),
)
_DEFAULTS = {
    "string": "string",
    "date": "date",
    "timestamp": "timestamp",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
}


def exact_type(given: OdcsProperty) -> str | None:
    """Return the physical type as Spark SQL writes it; None where it is another system's."""
    physical = str(given.given.get("physicalType") or "").strip()
    if not _OF_SPARK.fullmatch(physical):
        return None
    return physical if "<" in physical else physical.lower()  # names of fields stay as they are


def default_type(given: OdcsProperty) -> str | None:
    """Return the type for values of the logical type; None where it is not known what they hold."""
    return _DEFAULTS.get(str(given.given.get("logicalType")))


def fits_logical_type(given: OdcsProperty, found: DataType) -> bool:
    """Say whether a column of this type is what the logical type says; a property without one takes any."""
    logical = given.given.get("logicalType")
    return logical is None or any(name == logical and isinstance(found, kinds) for name, kinds in _LOGICAL)


def logical_type(of: DataType) -> str | None:
    """Return the name that the standard has for a type; None for binary and others that it has none for."""
    return next((name for name, kinds in _LOGICAL if isinstance(of, kinds)), None)


def named_type(text: str) -> DataType | None:
    """Return the type that Spark SQL calls so, without a session; None for nested ones. A timestamp has a zone."""
    return TimestampType() if text == "timestamp" else plain_type(text)
