"""Which types hold all values of two others, among those that a column of Delta can be widened to."""

from __future__ import annotations

from pyspark.sql.types import (
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    TimestampNTZType,
)

from lakehouse.delta_log import is_widening

__all__ = ["common_type"]

_WIDEST_DECIMAL = 38
_SMALL = (ByteType, ShortType, IntegerType)
"""Whole numbers that a double holds exactly."""
_DIGITS: dict[type[DataType], int] = {ByteType: 10, ShortType: 10, IntegerType: 10, LongType: 20}
"""Of the decimal that a column of whole numbers can become (Delta PROTOCOL, "Type Widening")."""


def common_type(one: DataType, other: DataType) -> DataType | None:
    """Return the narrowest type that both columns can be widened to, in a table too; None where there is none.

    One of the two is returned where it holds the other's values.
    """
    if one == other:
        return one
    if isinstance(one, DecimalType) and isinstance(other, DecimalType):
        return _decimal(one, other)
    for narrow, wide in ((one, other), (other, one)):
        if _widens(narrow, wide):
            return wide
    for narrow, wide in ((one, other), (other, one)):
        if type(narrow) in _DIGITS and isinstance(wide, DecimalType):
            return _decimal(DecimalType(_DIGITS[type(narrow)], 0), wide)
    if isinstance(one, _SMALL) and isinstance(other, FloatType):
        return DoubleType()
    if isinstance(other, _SMALL) and isinstance(one, FloatType):
        return DoubleType()
    return None


def _widens(narrow: DataType, wide: DataType) -> bool:
    if is_widening(narrow.simpleString(), wide.simpleString()):
        return True
    if isinstance(wide, DecimalType) and type(narrow) in _DIGITS:
        return wide.precision - wide.scale >= _DIGITS[type(narrow)]
    return isinstance(narrow, DateType) and isinstance(wide, TimestampNTZType)


def _decimal(one: DecimalType, other: DecimalType) -> DecimalType | None:
    scale = max(one.scale, other.scale)
    precision = scale + max(one.precision - one.scale, other.precision - other.scale)
    return DecimalType(precision, scale) if precision <= _WIDEST_DECIMAL else None
