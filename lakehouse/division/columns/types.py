"""Which columns can be divided, and what type the numbers come back in."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.division.errors import InvalidOperandError

__all__ = ["check_type", "result_type"]


def check_type(kind: pa.DataType) -> None:
    """Raise InvalidOperandError unless columns of this type hold whole numbers, or text that may."""
    scaled = pa.types.is_decimal(kind) and kind.scale != 0
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if scaled or not (
        pa.types.is_integer(kind) or pa.types.is_decimal(kind) or text or pa.types.is_null(kind)
    ):
        raise InvalidOperandError(
            value=str(kind), expected="a column of integers, decimals of scale 0 or strings"
        )


_SIGNED = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}
_UNSIGNED = {8: pa.uint8(), 16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}


def result_type(width: int | None, *, signed: bool = True) -> pa.DataType:
    """The type of quotients and remainders: integers, decimal256(39, 0) for 128 bits, else text."""
    if width is None:
        return pa.string()
    if width == 128:
        return pa.decimal256(39, 0)
    return (_SIGNED if signed else _UNSIGNED)[width]
