"""Fractions of two columns written out with their periods."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lakehouse.division.columns.inputs import exact_columns
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.units import whole_number, whole_numbers
from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    InvalidOptionError,
    NumericalOverflowException,
)
from lakehouse.division.numerals import power, text_of
from lakehouse.division.repeating import expand

__all__ = ["REPEATING_TYPE", "expand_arrow"]

REPEATING_TYPE = pa.struct(
    {
        "text": pa.string(),
        "whole": pa.string(),
        "prefix": pa.string(),
        "period": pa.string(),
        "start": pa.int32(),
        "length": pa.int32(),
    }
)


def expand_arrow(
    dividends: Any, divisors: Any, *, max_digits: int = 10_000, on_error: OnError = "null"
) -> pa.StructArray:
    """Write each row's fraction out: its text with the period in parentheses, and the parts of that.

    ``start`` is how many digits stand between the point and the period, ``length`` how many the period
    has, 0 if the digits end. Takes integers, decimals and strings of digits; one side may be one number for
    all rows. A null operand makes a null row. A zero divisor, text that is not a whole number, and more than
    ``max_digits`` digits go by ``on_error``: "raise" names the first row, "null" makes it null.

    Raises InvalidOperandError for columns of floats, of other types or lengths, InvalidOptionError.
    """
    if on_error not in {"raise", "null"}:
        raise InvalidOptionError(option="on_error", value=on_error, allowed=("raise", "null"))
    (left, left_scale), (right, right_scale) = map(whole_numbers, exact_columns(dividends, divisors))
    ups = (power(10, max(right_scale - left_scale, 0)), power(10, max(left_scale - right_scale, 0)))
    pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
    structs = [
        None if None in pair else _row(pair, ups, max_digits, on_error, where=f"row {row}: ")
        for row, pair in enumerate(pairs)
    ]
    return pa.array(structs, REPEATING_TYPE)


def _row(
    pair: tuple[object, object], ups: tuple[int, int], max_digits: int, on_error: OnError, *, where: str
) -> dict[str, str | int] | None:
    try:
        dividend, divisor = (
            whole_number(value, where=where) * up for value, up in zip(pair, ups, strict=True)
        )
        expansion = expand(dividend, divisor, max_digits=max_digits, where=where)
    except (DivideByZeroException, InvalidOperandError, NumericalOverflowException):
        if on_error == "raise":
            raise
        return None
    return {
        "text": str(expansion),
        "whole": ("-" if expansion.negative else "") + text_of(expansion.whole),
        "prefix": text_of(expansion.prefix),
        "period": text_of(expansion.period),
        "start": expansion.start,
        "length": expansion.length,
    }
