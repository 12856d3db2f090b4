"""Amounts split over lists of weights, a column at once."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.allocation import allocate
from lakehouse.division.arithmetic_unit import long_division
from lakehouse.division.columns.div_round import check_scale
from lakehouse.division.columns.inputs import as_columns, exact_column
from lakehouse.division.columns.kernel import resolve_engine
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.units import whole_number, whole_numbers
from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    InvalidOptionError,
    NumericalOverflowException,
)
from lakehouse.division.instruction_sets.radix import RadixInstructionSet
from lakehouse.division.numerals import power

__all__ = ["allocate_arrow"]

_MOST_DIGITS = 38
_DIGITS = RadixInstructionSet(10)


def allocate_arrow(amounts: Any, weights: Any, *, scale: int = 2, on_error: OnError = "null") -> pa.ListArray:
    """Split each amount by its row's weights into list<decimal128(38, scale)> that sums to it exactly.

    Amounts are integers, decimals without digits below ``scale``, or strings of digits; weights the same, those
    of a column of one type. One side may be for all rows: one amount, or one list of weights. A null amount,
    list or weight makes a null row. Weights that sum to zero or are negative, text that is not a whole number, and
    an amount finer than ``scale``, go by ``on_error``: "raise" names the first row, "null" makes it null.

    Raises InvalidOperandError for columns of floats, of other types or lengths, InvalidOptionError.
    """
    _check_options(scale, on_error)
    amounts, weights = _columns(amounts, weights)
    whole_amounts, amount_scale = whole_numbers(amounts)
    whole_weights, _ = whole_numbers(exact_column(weights.values))
    lists = pa.ListArray.from_arrays(weights.offsets, whole_weights)
    if amount_scale == scale and resolve_engine("auto", "shift_subtract") != "rows":
        split = _split_words(whole_amounts, lists, weights, scale)
        if split is not None:
            return split
    present = weights.is_valid().to_pylist()
    parts = []
    for row, (amount, given) in enumerate(zip(whole_amounts.to_pylist(), lists.to_pylist(), strict=True)):
        known = amount is not None and present[row] and None not in given
        outcome = _split(amount, given, (amount_scale, scale), row, on_error) if known else None
        parts.append(outcome)
    return _as_decimals(parts, scale)


def _check_options(scale: int, on_error: str) -> None:
    check_scale(scale)
    if on_error not in {"raise", "null"}:
        raise InvalidOptionError(option="on_error", value=on_error, allowed=("raise", "null"))


def _columns(amounts: Any, weights: Any) -> tuple[pa.Array, pa.ListArray]:
    if isinstance(weights, list | tuple):
        weights = _list_scalar(weights)
    amounts, weights = as_columns(amounts, weights)
    weights = weights.combine_chunks() if isinstance(weights, pa.ChunkedArray) else weights
    kind = weights.type
    if pa.types.is_null(kind):
        return exact_column(amounts), weights.cast(pa.list_(pa.int64()))
    if pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        weights, kind = weights.cast(pa.list_(kind.value_type)), pa.list_(kind.value_type)
    if not pa.types.is_list(kind):
        raise InvalidOperandError(value=str(kind), expected="a column of lists of weights")
    return exact_column(amounts), weights


def _list_scalar(weights: Sequence[Any]) -> pa.Scalar:
    try:
        return pa.scalar(list(weights))
    except (pa.ArrowException, OverflowError) as error:
        raise InvalidOperandError(value=weights, expected="a list of numbers of one kind") from error


def _split_words(
    amounts: pa.Array, lists: pa.ListArray, weights: pa.ListArray, scale: int
) -> pa.ListArray | None:
    """All rows at once, where none is null and all numbers are words; else None."""
    flat = lists.flatten()
    if amounts.null_count or weights.null_count or flat.null_count:
        return None
    try:
        words = [column.cast(pa.int64()).to_numpy() for column in (amounts, flat, lists.value_lengths())]
    except pa.ArrowInvalid:
        return None
    # Needs numpy, an optional dependency.
    blocks = importlib.import_module("lakehouse.division.columns.allocate_blocks")
    parts = blocks.allocate_words(*words)
    if parts is None:
        return None
    whole = pa.array(parts).cast(pa.decimal128(_MOST_DIGITS, 0))
    first = lists.offsets[0].as_py()
    offsets = lists.offsets if not first else pc.subtract(lists.offsets, first)
    return pa.ListArray.from_arrays(offsets, _scaled(whole, scale))


def _split(
    amount: object, weights: Sequence[object], scales: tuple[int, int], row: int, on_error: OnError
) -> list[int] | None:
    where = f"row {row}: "
    try:
        units = _units(whole_number(amount, where=where), *scales, where)
        return allocate(units, [whole_number(weight, where=where) for weight in weights], where=where)
    except (DivideByZeroException, InvalidOperandError, NumericalOverflowException):
        if on_error == "raise":
            raise
        return None


def _units(amount: int, from_scale: int, to_scale: int, where: str) -> int:
    """The same amount counted in the unit of ``to_scale``."""
    if from_scale <= to_scale:
        units = amount * power(10, to_scale - from_scale)
        if abs(units) >= power(10, _MOST_DIGITS):
            limit = f"decimal({_MOST_DIGITS},{to_scale})"
            raise NumericalOverflowException(value=f"{amount}E-{from_scale}", limit=limit, where=where)
        return units
    units, rest = long_division(_DIGITS, abs(amount), power(10, from_scale - to_scale))
    if rest:
        expected = f"an amount with at most {to_scale} digits after the point"
        raise InvalidOperandError(value=f"{amount}E-{from_scale}", expected=expected, where=where)
    return -units if amount < 0 else units


def _as_decimals(parts: Sequence[Sequence[int] | None], scale: int) -> pa.ListArray:
    lists = pa.array(parts, pa.list_(pa.decimal128(_MOST_DIGITS, 0)))
    return pa.ListArray.from_arrays(lists.offsets, _scaled(lists.values, scale), mask=lists.is_null())


def _scaled(whole: pa.Array, scale: int) -> pa.Array:
    kind = pa.decimal128(_MOST_DIGITS, scale)
    return pa.Array.from_buffers(kind, len(whole), whole.buffers(), whole.null_count, whole.offset)
