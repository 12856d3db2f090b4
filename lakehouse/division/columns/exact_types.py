"""Columns of integers, decimals with a scale and digits: brought to whole numbers, divided, brought back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.columns.inputs import exact_columns
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.reasons import Reason, raise_first
from lakehouse.division.columns.target import check_target, converted
from lakehouse.division.columns.units import digits_of_type, in_units, scale_of, width_for
from lakehouse.division.rounding import Rounding

__all__ = ["divide_exact_types", "quotient_or_reasons"]

_WORD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A quotient or a remainder in the type asked for."""

    name: str
    numbers: pa.Array
    misfit: pa.Array
    """Which rows have a number that the type can't hold."""


def divide_exact_types(
    dividends: Any,
    divisors: Any,
    *,
    quotient_type: pa.DataType | None,
    remainder_type: pa.DataType | None,
    rounding: Rounding,
    on_error: OnError,
) -> pa.StructArray:
    """Divide columns of integers, decimals or digits: quotients are whole, remainders keep the scale.

    One side may be one number for all rows. The types asked for are integers, decimals or string; None: this
    part is not asked for, is not in the struct, and nothing fails for it. A number that its type can't hold
    exactly is an overflow, and goes by ``on_error`` as in ``divide_arrow``; for "null" the row is null, and
    the field of the other part has its number all the same.

    Raises InvalidOperandError for columns of floats, of other types or lengths, InvalidOptionError, and for
    on_error="raise" the error of the first bad row.
    """
    check_target("quotient_type", quotient_type)
    check_target("remainder_type", remainder_type)
    left, right = exact_columns(dividends, divisors)
    raw, scale = _divided(left, right, rounding, remainder_only=quotient_type is None)
    asked = [("quotient", 0, quotient_type), ("remainder", scale, remainder_type)]
    parts = [
        _Part(name=name, numbers=numbers, misfit=misfit)
        for name, unit, kind in asked
        if kind is not None
        for numbers, misfit in [converted(raw.field(name), unit, kind)]
    ]
    reasons = _with_overflows(raw.field("error").cast(pa.string()), parts)
    if on_error == "raise":
        raise_first(reasons, left, right)
    return _assembled(parts, reasons, is_null=pc.is_null(raw), quarantine=on_error == "quarantine")


def quotient_or_reasons(
    quotients: pa.Array, reasons: pa.Array, *, scale: int, kind: pa.DataType
) -> tuple[pa.Array, pa.Array]:
    """Return counts of a unit as numbers of ``kind``, and the reasons with the overflows of that added."""
    numbers, misfit = converted(quotients, scale, kind)
    part = _Part(name="quotient", numbers=numbers, misfit=misfit)
    return numbers, _with_overflows(reasons.cast(pa.string()), [part])


def _divided(
    left: pa.Array, right: pa.Array, rounding: Rounding, *, remainder_only: bool
) -> tuple[pa.StructArray, int]:
    """Return quotients, remainders, the reasons of the rows that have neither, and the remainders' scale."""
    if pa.types.is_signed_integer(left.type) and pa.types.is_signed_integer(right.type):
        raw = divide_arrow(left, right, width=_WORD, rounding=rounding, on_error="quarantine")
        return (_without_overflows(raw) if remainder_only else raw), 0
    scale = max(scale_of(left.type), scale_of(right.type))
    ups = [scale - scale_of(column.type) for column in (left, right)]
    width = width_for(
        *(digits_of_type(column.type) + up for column, up in zip((left, right), ups, strict=True))
    )
    units = [in_units(column, up) for column, up in zip((left, right), ups, strict=True)]
    return divide_arrow(*units, width=width, rounding=rounding, on_error="quarantine"), scale


def _without_overflows(raw: pa.StructArray) -> pa.StructArray:
    """Only the smallest word by -1 overflows, in its quotient: what remains is 0, by every rounding."""
    reasons = raw.field("error").cast(pa.string())
    if reasons.null_count == len(reasons):
        return raw
    overflows = pc.fill_null(pc.equal(reasons, Reason.OVERFLOW.text), False)
    remainders = pc.if_else(overflows, pa.scalar(0, pa.int64()), raw.field("remainder"))
    left_over = pc.if_else(overflows, pa.scalar(None, pa.string()), reasons)
    names = ["quotient", "remainder", "error"]
    return pa.StructArray.from_arrays(
        [raw.field("quotient"), remainders, left_over], names, mask=pc.is_null(raw)
    )


def _with_overflows(reasons: pa.Array, parts: list[_Part]) -> pa.Array:
    misfits = [part.misfit for part in parts]
    if not misfits:
        return reasons
    return pc.if_else(pc.fill_null(reduce(pc.or_, misfits), False), Reason.OVERFLOW.text, reasons)


def _assembled(
    parts: list[_Part], reasons: pa.Array, *, is_null: pa.Array, quarantine: bool
) -> pa.StructArray:
    names = [part.name for part in parts]
    columns = [part.numbers for part in parts]
    if not quarantine:
        return pa.StructArray.from_arrays(columns, names, mask=pc.or_(is_null, pc.is_valid(reasons)))
    bad = pc.is_valid(reasons)
    shown = [pc.if_else(bad, pa.scalar(None, column.type), column) for column in columns]
    return pa.StructArray.from_arrays([*shown, reasons], [*names, "error"], mask=is_null)
