"""What may be divided: columns, or one number for all rows; brought to few types, and never through a float."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa

from lakehouse.division.errors import InvalidOperandError

__all__ = ["Column", "as_columns", "exact_column", "exact_columns"]

Column: TypeAlias = Any
"""A pa.Array or a pa.ChunkedArray; pyarrow has no types for a checker."""

_EXACT = "a column of integers, decimals or strings of digits"
_DECIMAL128_BYTES = 16


def as_columns(dividends: Any, divisors: Any) -> tuple[Column, Column]:
    """Return two columns of one length: a number, or an Arrow scalar, stands for a column that repeats it.

    Raises InvalidOperandError unless one of them is a column, and for a float or anything else that is not exact.
    """
    lengths = [len(value) for value in (dividends, divisors) if isinstance(value, pa.Array | pa.ChunkedArray)]
    if not lengths:
        raise InvalidOperandError(
            value=(dividends, divisors), expected="an Arrow column on one side at least"
        )
    if len(set(lengths)) > 1:
        raise InvalidOperandError(value=tuple(lengths), expected="two columns of one length")
    return _as_column(dividends, lengths[0]), _as_column(divisors, lengths[0])


def exact_columns(dividends: Any, divisors: Any) -> tuple[pa.Array, pa.Array]:
    """Return two arrays of one length, of the types that ``exact_column`` gives. Raises InvalidOperandError."""
    left, right = as_columns(dividends, divisors)
    return exact_column(left), exact_column(right)


def exact_column(column: Column) -> pa.Array:
    """Return an array of integers, decimal128 or 256, strings or nulls; the numbers are the same.

    Raises InvalidOperandError for a type that is not exact: floats, above all.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of a column without chunks returns this
        array = pa.concat_arrays(array.chunks) if array.chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_null(kind) or pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string())
    if pa.types.is_decimal(kind):
        narrow = kind.byte_width < _DECIMAL128_BYTES
        return array.cast(pa.decimal128(kind.precision, kind.scale)) if narrow else array
    raise InvalidOperandError(value=str(kind), expected=_EXACT)


def _as_column(value: Any, rows: int) -> Column:
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value
    if isinstance(value, pa.Scalar):
        return pa.repeat(value, rows)
    if value is None:
        return pa.nulls(rows)
    return pa.repeat(_scalar(value), rows)


def _scalar(value: Any) -> pa.Scalar:
    """Return the number as Arrow has it; one that no type of Arrow holds as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _first_that_fits(value, [pa.scalar, lambda whole: pa.scalar(str(whole))])
    made = None if isinstance(value, float | bool) else _first_that_fits(value, [pa.scalar, lambda _: None])
    if made is None or not (pa.types.is_decimal(made.type) or pa.types.is_string(made.type)):
        raise InvalidOperandError(
            value=value, expected="an Arrow column, an int, a decimal, or digits as a str"
        )
    return made


def _first_that_fits(value: Any, makers: list[Callable[[Any], Any]]) -> Any:
    for make in makers[:-1]:
        try:
            return make(value)
        except (pa.ArrowException, OverflowError, TypeError):
            continue
    return makers[-1](value)
