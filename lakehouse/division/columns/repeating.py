"""Fractions of two columns written out with their periods."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.division.columns.exact_types import whole_numbers
from lakehouse.division.columns.options import OnError
from lakehouse.division.errors import DivideByZeroException, InvalidOperandError, NumericalOverflowException
from lakehouse.division.numerals import power, text_of
from lakehouse.division.operand import Operand
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
    dividends: pa.Array, divisors: pa.Array, *, max_digits: int = 10_000, on_error: OnError = "null"
) -> pa.StructArray:
    """Write each row's fraction out: its text with the period in parentheses, and the parts of that.

    ``start`` is how many digits stand between the point and the period, ``length`` how many the period
    has, 0 if the digits end. Takes integers, decimals and strings of digits; a null operand makes a null
    row, and a zero divisor or more than ``max_digits`` digits go by ``on_error``, "raise" or "null".
    """
    left, left_scale = whole_numbers(dividends)
    right, right_scale = whole_numbers(divisors)
    ups = (power(10, max(right_scale - left_scale, 0)), power(10, max(left_scale - right_scale, 0)))
    rows = zip(left.to_pylist(), right.to_pylist(), strict=True)
    structs = [
        _row(dividend, divisor, ups, max_digits, on_error)
        if dividend is not None and divisor is not None
        else None
        for dividend, divisor in rows
    ]
    return pa.array(structs, REPEATING_TYPE)


def _row(
    dividend: object, divisor: object, ups: tuple[int, int], max_digits: int, on_error: OnError
) -> dict[str, str | int] | None:
    try:
        numbers = [_whole(value) * up for value, up in zip((dividend, divisor), ups, strict=True)]
        expansion = expand(*numbers, max_digits=max_digits)
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


def _whole(value: object) -> int:
    return int(Operand.of(value if isinstance(value, str) else int(value)))  # type: ignore[call-overload]
