"""Why a row of a column has no result."""

from __future__ import annotations

from enum import IntEnum

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    NumericalOverflowException,
)
from lakehouse.errors import DataError

__all__ = ["Reason", "raise_first", "row_error"]


class Reason(IntEnum):
    """A row's outcome; ``text`` is what the field ``error`` holds."""

    FINE = 0
    ZERO_DIVISOR = 1
    OVERFLOW = 2
    NOT_WHOLE = 3

    @property
    def text(self) -> str:
        return ("", "division by zero", "overflow", "not a whole number")[self]


_REASONS = {reason.text: reason for reason in Reason if reason}


def raise_first(reasons: pa.Array, dividends: pa.Array, divisors: pa.Array) -> None:
    """Raise the error of the first row that has a reason, if one has."""
    row = pc.index(pc.is_valid(reasons), True).as_py()
    if row >= 0:
        raise row_error(
            _REASONS[reasons[row].as_py()],
            row=row,
            dividend=dividends[row].as_py(),
            divisor=divisors[row].as_py(),
            limit="the type asked for",
        )


def row_error(reason: Reason, *, row: int, dividend: object, divisor: object, limit: str) -> DataError:
    """The exception for a row, which it names by its number from 0; ``limit`` is what an overflow does not fit."""
    where = f"row {row}: "
    match reason:
        case Reason.ZERO_DIVISOR:
            return DivideByZeroException(dividend=dividend, divisor=divisor, where=where)
        case Reason.NOT_WHOLE:
            operands = (dividend, divisor)
            return InvalidOperandError(value=operands, expected="two whole numbers", where=where)
        case _:
            value = f"{dividend} by {divisor}"
            return NumericalOverflowException(value=value, limit=limit, where=where)
