"""Why a row has no result."""

from __future__ import annotations

from enum import IntEnum

from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    NumericalOverflowException,
)
from lakehouse.division.operand import limit_of
from lakehouse.errors import DataError

__all__ = ["Reason", "row_error"]


class Reason(IntEnum):
    """A row's outcome; ``text`` is what the field ``error`` holds."""

    FINE = 0
    ZERO_DIVISOR = 1
    OVERFLOW = 2
    NOT_WHOLE = 3

    @property
    def text(self) -> str:
        return ("", "division by zero", "overflow", "not a whole number")[self]


def row_error(reason: Reason, *, row: int, dividend: object, divisor: object, width: int | None) -> DataError:
    """The exception for a row, which it names by its number from 0."""
    where = f"row {row}: "
    match reason:
        case Reason.ZERO_DIVISOR:
            return DivideByZeroException(dividend=dividend, divisor=divisor, where=where)
        case Reason.NOT_WHOLE:
            operands = (dividend, divisor)
            return InvalidOperandError(value=operands, expected="two whole numbers", where=where)
        case _:
            value = f"{dividend} by {divisor}"
            return NumericalOverflowException(value=value, limit=limit_of(width), where=where)
