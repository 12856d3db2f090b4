"""Columns of integers, decimals with a scale and digits: brought to whole numbers, divided, brought back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.reasons import Reason, row_error
from lakehouse.division.numerals import power
from lakehouse.division.operand import Operand
from lakehouse.division.rounding import Rounding

__all__ = ["divide_exact_types", "whole_numbers"]

_WORD = 64
_DECIMAL128_DIGITS = 38
_WIDEST = 76
_ERRORS_OF = {reason.text: reason for reason in Reason if reason}


def divide_exact_types(
    dividends: pa.Array,
    divisors: pa.Array,
    *,
    quotient_type: pa.DataType,
    remainder_type: pa.DataType,
    rounding: Rounding,
    on_error: OnError,
) -> pa.StructArray:
    """Divide columns of integers, decimals or digits: quotients are whole, remainders keep the scale.

    The types asked for are int64, decimal128 or string. A number that its type can't hold exactly is an
    overflow, and goes by ``on_error`` as in ``divide_arrow``.
    """
    words = pa.types.is_signed_integer(dividends.type) and pa.types.is_signed_integer(divisors.type)
    if words and quotient_type == remainder_type == pa.int64():
        return divide_arrow(dividends, divisors, width=_WORD, rounding=rounding, on_error=on_error)
    left, right, scale, width = _aligned(dividends, divisors)
    raw = divide_arrow(left, right, width=width, rounding=rounding, on_error="quarantine")
    quotients, quotient_misfit = _convert(raw.field("quotient"), 0, quotient_type)
    remainders, remainder_misfit = _convert(raw.field("remainder"), scale, remainder_type)
    misfit = pc.or_(quotient_misfit, remainder_misfit)
    reasons = pc.if_else(misfit, Reason.OVERFLOW.text, raw.field("error").cast(pa.string()))
    struct = _assembled(quotients, remainders, reasons, raw, quarantine=on_error == "quarantine")
    if on_error == "raise":
        _raise_first(reasons, dividends, divisors)
    return struct


def whole_numbers(column: pa.Array) -> tuple[pa.Array, int]:
    """A decimal column as counts of its smallest unit, and the scale; other columns as they are, and 0.

    No byte is copied: a decimal is stored as such a count.
    """
    if not pa.types.is_decimal(column.type) or not column.type.scale:
        return column, 0
    kind = _whole_type(column.type)
    whole = pa.Array.from_buffers(kind, len(column), column.buffers(), column.null_count, column.offset)
    return whole, column.type.scale


def _whole_type(kind: pa.DataType) -> pa.DataType:
    return pa.decimal256(kind.precision, 0) if kind.byte_width > 16 else pa.decimal128(kind.precision, 0)


def _aligned(dividends: pa.Array, divisors: pa.Array) -> tuple[pa.Array, pa.Array, int, int | None]:
    """Both columns as whole numbers of one unit, its scale, and the width that holds them (None: any)."""
    if any(pa.types.is_string(column.type) for column in (dividends, divisors)):
        return dividends, divisors, 0, None
    scale = max(_scale(dividends.type), _scale(divisors.type))
    left, right = _rescaled(dividends, scale), _rescaled(divisors, scale)
    digits = max(_digits(column.type, scale) for column in (dividends, divisors))
    return left, right, scale, 128 if digits <= _DECIMAL128_DIGITS else None


def _scale(kind: pa.DataType) -> int:
    return kind.scale if pa.types.is_decimal(kind) else 0


def _digits(kind: pa.DataType, scale: int) -> int:
    """The most digits that a number of this type has at this scale."""
    digits: int = kind.precision if pa.types.is_decimal(kind) else 19
    return digits + scale - _scale(kind)


def _rescaled(column: pa.Array, scale: int) -> pa.Array:
    if _scale(column.type) != scale:
        if not pa.types.is_decimal(column.type):
            column = column.cast(pa.decimal128(_DECIMAL128_DIGITS, 0))
        column = column.cast(pa.decimal256(_WIDEST, scale))
    return whole_numbers(column)[0]


def _convert(values: pa.Array, scale: int, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """The numbers in the type asked for, and which rows it can't hold; both are null where ``values`` are."""
    if pa.types.is_string(values.type):
        values, beyond = _parsed(values, scale, kind)
        if pa.types.is_string(kind):
            return values, beyond
        converted, misfit = _convert(values, scale, kind)
        return converted, pc.or_(beyond, misfit)
    exact = pa.Array.from_buffers(
        pa.decimal256(_WIDEST, scale), len(values), values.buffers(), values.null_count, values.offset
    )
    if pa.types.is_string(kind):
        return exact.cast(kind), _no_row(len(values))
    target = pa.decimal256(_WIDEST, _scale(kind))
    least, largest = _bounds(kind, exact.type)
    fits = pc.and_(pc.greater_equal(exact, least), pc.less_equal(exact, largest))
    held = pc.if_else(fits, exact, pa.scalar(None, exact.type)).cast(target, safe=False)
    kept = pc.equal(held.cast(exact.type, safe=False), exact)
    good = pc.fill_null(pc.and_(fits, kept), False)
    shown = pc.if_else(good, held, pa.scalar(None, target)).cast(kind)
    return shown, pc.and_(pc.is_valid(values), pc.invert(good))


def _parsed(values: pa.Array, scale: int, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Digits as decimal256 (as they are where text is asked for), and which of them have too many."""
    texts = values.to_pylist()
    if pa.types.is_string(kind):
        scaled = [None if text is None else _pointed(text, scale) for text in texts]
        return pa.array(scaled, kind), _no_row(len(texts))
    beyond = [text is not None and len(text.lstrip("-")) > _WIDEST - scale for text in texts]
    held = [
        None if text is None or too_long else int(Operand.of(text))
        for text, too_long in zip(texts, beyond, strict=True)
    ]
    return pa.array(held, pa.decimal256(_WIDEST, 0)), pa.array(beyond, pa.bool_())


def _pointed(text: str, scale: int) -> str:
    if not scale:
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    padded = digits.rjust(scale + 1, "0")
    return f"{sign}{padded[:-scale]}.{padded[-scale:]}"


def _bounds(kind: pa.DataType, exact: pa.DataType) -> tuple[pa.Scalar, pa.Scalar]:
    """The least and the largest number of the type, in units of ``exact``."""
    if pa.types.is_integer(kind):
        unit = power(10, exact.scale)
        return _scalar(-(1 << 63) * unit, exact), _scalar(((1 << 63) - 1) * unit, exact)
    largest = power(10, min(kind.precision - kind.scale + exact.scale, _WIDEST)) - 1
    return _scalar(-largest, exact), _scalar(largest, exact)


def _scalar(units: int, kind: pa.DataType) -> pa.Scalar:
    whole = pa.array([units], pa.decimal256(_WIDEST, 0))
    return pa.Array.from_buffers(kind, 1, whole.buffers())[0]


def _no_row(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(False), rows)


def _assembled(
    quotients: pa.Array, remainders: pa.Array, reasons: pa.Array, raw: pa.StructArray, *, quarantine: bool
) -> pa.StructArray:
    bad = pc.is_valid(reasons)
    columns = [pc.if_else(bad, pa.scalar(None, column.type), column) for column in (quotients, remainders)]
    if quarantine:
        names = ["quotient", "remainder", "error"]
        return pa.StructArray.from_arrays([*columns, reasons], names, mask=pc.is_null(raw))
    missing = pc.or_(pc.is_null(raw), bad)
    return pa.StructArray.from_arrays(columns, ["quotient", "remainder"], mask=missing)


def _raise_first(reasons: pa.Array, dividends: pa.Array, divisors: pa.Array) -> None:
    row = pc.index(pc.is_valid(reasons), True).as_py()
    if row >= 0:
        reason = _ERRORS_OF[reasons[row].as_py()]
        operands = {"dividend": dividends[row].as_py(), "divisor": divisors[row].as_py()}
        raise row_error(reason, row=row, width=None, **operands)
