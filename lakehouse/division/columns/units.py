"""Exact columns as counts of a unit: decimals are stored as such counts, so that mostly no byte is copied."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.numerals import power
from lakehouse.division.operand import Operand

__all__ = [
    "DECIMAL128_DIGITS",
    "WIDEST",
    "digits_of_type",
    "in_units",
    "scale_of",
    "whole_number",
    "whole_numbers",
    "width_for",
]

DECIMAL128_DIGITS = 38
WIDEST = 76
"""Digits of a decimal256."""
_INTEGER_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def scale_of(kind: pa.DataType) -> int:
    """Return how many digits a number of this type has behind the point."""
    return kind.scale if pa.types.is_decimal(kind) else 0


def digits_of_type(kind: pa.DataType) -> int:
    """Return the most digits that a number of this type has; more than any decimal for text."""
    if pa.types.is_decimal(kind):
        precision: int = kind.precision
        return precision
    return WIDEST + 1 if pa.types.is_string(kind) else _INTEGER_DIGITS.get(_bits(kind), 0)


def width_for(*digits: int) -> int | None:
    """Return the width whose division holds so many digits: 128 bits, or None for any number of them."""
    return 128 if max(digits) <= DECIMAL128_DIGITS else None


def whole_numbers(column: pa.Array) -> tuple[pa.Array, int]:
    """Return an exact column as counts of its smallest unit, and its scale. No byte is copied."""
    if not scale_of(column.type):
        return column, 0
    kind = column.type
    whole = pa.decimal256(kind.precision, 0) if kind.byte_width > 16 else pa.decimal128(kind.precision, 0)
    return _reinterpreted(column, whole), kind.scale


def whole_number(value: object, *, where: str) -> int:
    """Return one row of such a column as an int; raises InvalidOperandError, which ``where`` begins, for other text."""
    if not isinstance(value, str):
        return int(value)  # type: ignore[call-overload,no-any-return]  # an int, or a decimal of scale 0
    try:
        return int(Operand.of(value))
    except InvalidOperandError as error:
        raise InvalidOperandError(value=value, expected="a whole number", where=where) from error


def in_units(column: pa.Array, places: int) -> pa.Array:
    """Return an exact column's counts of its smallest unit with ``places`` zeros appended to each.

    As decimal256 where that has the digits, else as text. Text that is not a whole number stays as it is.
    """
    whole, _ = whole_numbers(column)
    if not places or pa.types.is_null(whole.type):
        return whole
    if pa.types.is_string(whole.type):
        return pa.array([_longer(text, places) for text in whole.to_pylist()], pa.string())
    if digits_of_type(whole.type) + places > WIDEST:
        return in_units(whole.cast(pa.string()), places)
    if not pa.types.is_decimal(whole.type):
        whole = whole.cast(pa.decimal128(DECIMAL128_DIGITS, 0))
    return _reinterpreted(whole.cast(pa.decimal256(WIDEST, places)), pa.decimal256(WIDEST, 0))


def _longer(text: str | None, places: int) -> str | None:
    if text is None:
        return None
    try:
        return str(Operand.of(int(Operand.of(text)) * power(10, places)))
    except InvalidOperandError:
        return text


def _reinterpreted(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(column), column.buffers(), column.null_count, column.offset)


def _bits(kind: pa.DataType) -> int:
    return kind.bit_width if pa.types.is_integer(kind) else 0
