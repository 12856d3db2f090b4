"""Quotients rounded to so many digits behind the point, of whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.columns.exact_types import quotient_or_reasons
from lakehouse.division.columns.inputs import exact_columns
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.reasons import raise_first
from lakehouse.division.columns.target import check_target
from lakehouse.division.columns.units import DECIMAL128_DIGITS, digits_of_type, in_units, scale_of, width_for
from lakehouse.division.errors import InvalidOptionError
from lakehouse.division.rounding import DecimalRounding

__all__ = ["as_rounding", "check_scale", "div_round_arrow", "div_round_by_row"]


def div_round_arrow(
    dividends: Any,
    divisors: Any,
    *,
    scale: int = 2,
    rounding: DecimalRounding | str = DecimalRounding.HALF_UP,
    returns: pa.DataType | None = None,
    on_error: OnError = "null",
) -> pa.Array:
    """Return each quotient with ``scale`` digits behind the point, rounded once from the exact one.

    Integers, decimals and strings of digits go in, one side may be one number for all rows; ``returns`` is
    decimal128(38, scale) unless told. A null operand makes a null; so do, for on_error="null", a zero divisor,
    text that is not a whole number, and a quotient that the type can't hold. "raise" names the first such row.

    Raises InvalidOptionError, InvalidOperandError for columns of floats, of other types or lengths.
    """
    left, right = exact_columns(dividends, divisors)
    kind = _checked(scale, returns, on_error)
    numbers, reasons = _rounded(left, right, scale, as_rounding(rounding), kind)
    return _finished(numbers, reasons, left, right, on_error)


def div_round_by_row(
    dividends: pa.Array,
    divisors: pa.Array,
    scales: pa.Array,
    roundings: pa.Array,
    *,
    returns: pa.DataType,
    on_error: OnError,
) -> pa.Array:
    """Do so with a scale and a rounding for each row, as SQL has them; a null one makes a null."""
    left, right = exact_columns(dividends, divisors)
    choices = list(zip(scales.to_pylist(), roundings.to_pylist(), strict=True))
    numbers, reasons = pa.nulls(len(left), returns), pa.nulls(len(left), pa.string())
    for choice in sorted({each for each in choices if None not in each}):
        scale, rounding = choice
        kind = _checked(scale, returns, on_error)
        of_choice = _rounded(left, right, scale, as_rounding(rounding), kind)
        is_here = pa.array([each == choice for each in choices], pa.bool_())
        numbers, reasons = (
            pc.if_else(is_here, new, old) for new, old in zip(of_choice, (numbers, reasons), strict=True)
        )
    return _finished(numbers, reasons, left, right, on_error)


def as_rounding(rounding: DecimalRounding | str) -> DecimalRounding:
    """Return the rounding of this name, in any case. Raises InvalidOptionError."""
    if isinstance(rounding, DecimalRounding):
        return rounding
    names: Sequence[str] = [each.value for each in DecimalRounding]
    if not isinstance(rounding, str) or rounding.lower() not in names:
        raise InvalidOptionError(option="rounding", value=rounding, allowed=names)
    return DecimalRounding(rounding.lower())


def check_scale(scale: int, *, most: int = DECIMAL128_DIGITS) -> None:
    """Raise InvalidOptionError unless ``scale`` is a whole number from 0 to ``most``."""
    if type(scale) is not int or not 0 <= scale <= most:
        raise InvalidOptionError(option="scale", value=scale, allowed=(0, "…", most))


def _checked(scale: int, returns: pa.DataType | None, on_error: str) -> pa.DataType:
    if on_error not in {"raise", "null"}:
        raise InvalidOptionError(option="on_error", value=on_error, allowed=("raise", "null"))
    check_target("returns", returns)
    is_decimal = returns is None or pa.types.is_decimal(returns)
    check_scale(scale, most=scale_of(returns) if returns is not None and is_decimal else DECIMAL128_DIGITS)
    return pa.decimal128(DECIMAL128_DIGITS, scale) if returns is None else returns


def _rounded(
    left: pa.Array, right: pa.Array, scale: int, rounding: DecimalRounding, kind: pa.DataType
) -> tuple[pa.Array, pa.Array]:
    """Return the numbers, and the reasons of the rows without one."""
    # a * 10^-s by b * 10^-t is a * 10^(scale - s + t) by b, in units of the scale asked for.
    places = scale - scale_of(left.type) + scale_of(right.type)
    ups = (max(places, 0), max(-places, 0))
    columns = list(zip((left, right), ups, strict=True))
    raw = divide_arrow(
        *(in_units(column, up) for column, up in columns),
        width=width_for(*(digits_of_type(column.type) + up for column, up in columns)),
        rounding=rounding,
        on_error="quarantine",
    )
    return quotient_or_reasons(raw.field("quotient"), raw.field("error"), scale=scale, kind=kind)


def _finished(
    numbers: pa.Array, reasons: pa.Array, left: pa.Array, right: pa.Array, on_error: OnError
) -> pa.Array:
    if on_error == "raise":
        raise_first(reasons, left, right)
    return numbers
