"""Whole results brought into the type that was asked for, and which rows that type can't hold exactly."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.columns.units import WIDEST, scale_of
from lakehouse.division.errors import InvalidOptionError
from lakehouse.division.numerals import power
from lakehouse.division.operand import Operand

__all__ = ["check_target", "converted"]

_CHOICES = ("an integer type", "decimal128(p,s)", "decimal256(p,s)", "string")


def check_target(option: str, kind: pa.DataType | None) -> None:
    """Raise InvalidOptionError unless results can be brought into this type; None asks for no result."""
    holds = kind is None or (
        pa.types.is_integer(kind)
        or pa.types.is_string(kind)
        or pa.types.is_decimal128(kind)
        or pa.types.is_decimal256(kind)
    )
    if not holds:
        raise InvalidOptionError(option=option, value=str(kind), allowed=_CHOICES)


def converted(values: pa.Array, scale: int, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Return counts of a unit as numbers of ``kind``, and which rows it can't hold; both null as ``values`` are."""
    if values.type == kind and not scale and not pa.types.is_decimal(kind):
        return values, _no_row(len(values))
    if pa.types.is_string(values.type):
        values, beyond = _parsed(values, scale, kind)
        if pa.types.is_string(kind):
            return values, beyond
        numbers, misfit = converted(values, scale, kind)
        return numbers, pc.or_(beyond, misfit)
    if not pa.types.is_decimal(values.type):
        values = values.cast(pa.decimal256(WIDEST, 0))
    exact = pa.Array.from_buffers(
        pa.decimal256(WIDEST, scale), len(values), values.buffers(), values.null_count, values.offset
    )
    if pa.types.is_string(kind):
        return _plain_text(values, scale, kind), _no_row(len(values))
    target = pa.decimal256(WIDEST, scale_of(kind))
    least, largest = _bounds(kind, exact.type)
    fits = pc.and_(pc.greater_equal(exact, least), pc.less_equal(exact, largest))
    held = pc.if_else(fits, exact, pa.scalar(None, exact.type)).cast(target, safe=False)
    kept = pc.equal(held.cast(exact.type, safe=False), exact)
    good = pc.fill_null(pc.and_(fits, kept), False)
    shown = pc.if_else(good, held, pa.scalar(None, target)).cast(kind)
    return shown, pc.and_(pc.is_valid(values), pc.invert(good))


def _plain_text(values: pa.Array, scale: int, kind: pa.DataType) -> pa.Array:
    """Return the numbers written out; Arrow would write a small one as 1E-7."""
    whole = values.cast(kind)
    return whole if not scale else _parsed(whole, scale, kind)[0]


def _parsed(values: pa.Array, scale: int, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Return digits as decimal256 (as they are where text is asked for), and which of them have too many."""
    texts = values.to_pylist()
    if pa.types.is_string(kind):
        scaled = [None if text is None else _pointed(text, scale) for text in texts]
        return pa.array(scaled, kind), _no_row(len(texts))
    beyond = [text is not None and len(text.lstrip("-")) > WIDEST - scale for text in texts]
    held = [
        None if text is None or too_long else int(Operand.of(text))
        for text, too_long in zip(texts, beyond, strict=True)
    ]
    return pa.array(held, pa.decimal256(WIDEST, 0)), pa.array(beyond, pa.bool_())


def _pointed(text: str, scale: int) -> str:
    if not scale:
        return text
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    padded = digits.rjust(scale + 1, "0")
    return f"{sign}{padded[:-scale]}.{padded[-scale:]}"


def _bounds(kind: pa.DataType, exact: pa.DataType) -> tuple[pa.Scalar, pa.Scalar]:
    """Return the least and the largest number of the type, in units of ``exact``."""
    if pa.types.is_integer(kind):
        unit = power(10, exact.scale)
        signed = pa.types.is_signed_integer(kind)
        least = -(1 << (kind.bit_width - 1)) if signed else 0
        largest = (1 << (kind.bit_width - 1 if signed else kind.bit_width)) - 1
        return _scalar(least * unit, exact), _scalar(largest * unit, exact)
    largest = power(10, min(kind.precision - kind.scale + exact.scale, WIDEST)) - 1
    return _scalar(-largest, exact), _scalar(largest, exact)


def _scalar(units: int, kind: pa.DataType) -> pa.Scalar:
    """Return the count as a number of ``kind``, or the largest that it has."""
    most = power(10, WIDEST) - 1
    whole = pa.array([min(max(units, -most), most)], pa.decimal256(WIDEST, 0))
    return pa.Array.from_buffers(kind, 1, whole.buffers())[0]


def _no_row(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(False), rows)
