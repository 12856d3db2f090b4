"""A column of texts into its type, as ``records.values`` does it for one value: only texts of the plainest form."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.ingestion.formats.plain.unsure import Unsure, arrow_is_sure, holds_for_all

__all__ = ["as_single", "typed_texts"]

_DAY = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
_WHOLE = r"-?[0-9]{1,18}"
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_LONGEST_NUMBER = 300
"""Characters: so long a number is in the range of a double."""
_LARGEST_SINGLE = 3.4e38


def typed_texts(texts: pa.Array, held: pa.DataType, *, from_text: bool) -> pa.Array:
    """Return the values of a column of this type; without ``from_text`` a text is no number. Raises Unsure."""
    if pa.types.is_string(held):
        return texts
    convert = _converter(held, from_text=from_text)
    if convert is None:
        raise Unsure
    with arrow_is_sure():
        return convert(texts, held)


def as_single(doubles: pa.Array) -> pa.Array:
    """Return doubles as floats of 32 bits. Raises Unsure where one is out of their range."""
    holds_for_all(pc.all(pc.less(pc.abs(doubles), _LARGEST_SINGLE)))
    return doubles.cast(pa.float32(), safe=False)


def _converter(held: pa.DataType, *, from_text: bool) -> Callable[[pa.Array, pa.DataType], pa.Array] | None:
    if pa.types.is_date(held):
        return _dates
    if pa.types.is_timestamp(held):
        return _moments if held.tz else _local_moments
    if not from_text:
        return None
    if pa.types.is_integer(held):
        return _integers
    if pa.types.is_floating(held):
        return _floats
    if pa.types.is_decimal(held):
        return _decimals
    return _booleans if pa.types.is_boolean(held) else None


def _check_form(texts: pa.Array, pattern: str) -> None:
    holds_for_all(pc.all(pc.match_substring_regex(texts, rf"\A{pattern}\z")))


def _check_length(texts: pa.Array, most: int) -> None:
    holds_for_all(pc.all(pc.less_equal(pc.binary_length(texts), most)))


def _dates(texts: pa.Array, held: pa.DataType) -> pa.Array:
    _check_form(texts, _DAY)
    return texts.cast(held)


def _moments(texts: pa.Array, held: pa.DataType) -> pa.Array:
    """A moment without an offset is UTC; a column is plain where all of them have one, or none has."""
    try:
        _check_form(texts, _MOMENT + _ZONE)
    except Unsure:
        return _local_moments(texts, pa.timestamp(held.unit)).cast(held)
    return texts.cast(held)


def _local_moments(texts: pa.Array, held: pa.DataType) -> pa.Array:
    _check_form(texts, _MOMENT)
    return texts.cast(held)


def _integers(texts: pa.Array, held: pa.DataType) -> pa.Array:
    _check_form(texts, _WHOLE)
    return texts.cast(pa.int64()).cast(held)


def _floats(texts: pa.Array, held: pa.DataType) -> pa.Array:
    _check_form(texts, _NUMBER)
    _check_length(texts, _LONGEST_NUMBER)
    doubles = texts.cast(pa.float64())
    return doubles if held.bit_width == 64 else as_single(doubles)


def _decimals(texts: pa.Array, held: pa.DataType) -> pa.Array:
    _check_form(texts, _NUMBER)
    _check_length(texts, held.precision)
    return texts.cast(held)


def _booleans(texts: pa.Array, held: pa.DataType) -> pa.Array:
    lower = pc.ascii_lower(texts)
    _check_form(lower, "(true|false)")
    return pc.equal(lower, "true")
