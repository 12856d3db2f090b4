"""One value into the type of its column: whole, or not at all."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
import struct
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from lakehouse.ingestion.formats.records.json_text import TextNumber, json_text, plain_text

__all__ = ["Convert", "Losses", "UnfitValue", "converter"]

Convert = Callable[[Any], Any]
"""Returns what a column of the type holds for a value. Raises UnfitValue."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?")
_WHOLE = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_LONGEST_NUMBER = 400
_EXACT = Context(prec=2 * _LONGEST_NUMBER)


class UnfitValue(Exception):  # noqa: N818 - a signal within this package
    """The value is none of the type's."""


class Losses:
    """Notes that a part of a nested value did not fit: that part is NULL where it stands."""

    def __init__(self) -> None:
        self.any = False


def converter(held: pa.DataType, losses: Losses, *, from_text: bool) -> Convert:
    """Return how values go into a type.

    ``from_text`` takes the text ``"5"`` for a number: for formats whose values are all texts. A timestamp
    that names no offset is UTC. What a struct has no field for is noted as a loss.
    """
    if pa.types.is_list(held):
        element = converter(held.value_type, losses, from_text=from_text)
        return _list(element, losses, one_will_do=from_text)
    if pa.types.is_map(held):
        return _map(converter(held.item_type, losses, from_text=from_text), losses)
    if pa.types.is_struct(held):
        parts = {each.name: converter(each.type, losses, from_text=from_text) for each in held}
        return _struct(parts, losses)
    return _scalar(held, from_text=from_text)


def _scalar(held: pa.DataType, *, from_text: bool) -> Convert:
    if pa.types.is_string(held):
        return _string
    if pa.types.is_boolean(held):
        return _boolean_of_text if from_text else _boolean
    if pa.types.is_integer(held):
        most = 1 << (held.bit_width - 1)
        return lambda value: _integer(value, most, from_text)
    if pa.types.is_decimal(held):
        return lambda value: _decimal(value, held.precision, held.scale, from_text)
    if pa.types.is_floating(held):
        single = held.bit_width == 32
        return lambda value: _floating(value, single, from_text)
    if pa.types.is_date(held):
        return _date
    if pa.types.is_timestamp(held):
        return _timestamp if held.tz else _local_timestamp
    return _binary


def _string(value: Any) -> str:
    try:
        if isinstance(value, bytes):
            return value.decode()
        text = json_text(value) if isinstance(value, dict | list | tuple) else plain_text(value)
        if not text.isascii():
            text.encode()
    except UnicodeError as error:
        raise UnfitValue from error
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise UnfitValue


def _boolean_of_text(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return _boolean(value)


def _integer(value: Any, most: int, from_text: bool) -> int:
    if isinstance(value, bool):
        raise UnfitValue
    if not isinstance(value, int):
        value = _whole(value, from_text)
    if -most <= value < most:
        return int(value)
    raise UnfitValue


def _whole(value: Any, from_text: bool) -> int:
    if from_text and isinstance(value, str) and _WHOLE.fullmatch(value) and len(value) < _LONGEST_NUMBER:
        return int(value)
    number = _exact(value, from_text)
    if number != number.to_integral_value():
        raise UnfitValue
    return int(number)


def _exact(value: Any, from_text: bool) -> Decimal:
    """Return a number as it is written, or as a float holds it."""
    if isinstance(value, bool):
        raise UnfitValue
    if (
        isinstance(value, TextNumber)
        or (
            from_text and isinstance(value, str) and len(value) < _LONGEST_NUMBER and _NUMBER.fullmatch(value)
        )
        or isinstance(value, int | float | Decimal)
    ):
        number = Decimal(value)
    else:
        raise UnfitValue
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
        raise UnfitValue
    return number


def _decimal(value: Any, precision: int, scale: int, from_text: bool) -> Decimal:
    number = _exact(value, from_text)
    try:
        fitted = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    except InvalidOperation as error:
        raise UnfitValue from error
    if fitted != number or (fitted and fitted.adjusted() >= precision - scale):
        raise UnfitValue
    return fitted


def _floating(value: Any, single: bool, from_text: bool) -> float:
    if isinstance(value, float):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        number = _as_float(value)
    else:
        number = float(_exact(value, from_text))
        if math.isinf(number):
            raise UnfitValue
    if single and math.isfinite(number):
        try:
            return float(struct.unpack("<f", struct.pack("<f", number))[0])
        except OverflowError as error:
            raise UnfitValue from error
    return number


def _as_float(value: int) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise UnfitValue from error
    if int(number) != value:
        raise UnfitValue
    return number


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        if value.time() == dt.time() and value.tzinfo is None:
            return value.date()
    elif isinstance(value, dt.date):
        return value
    elif isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise UnfitValue from error
    raise UnfitValue


def _timestamp(value: Any) -> dt.datetime:
    moment = _moment(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=dt.UTC)
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:  # in UTC it is before the year 1, or after 9999
        raise UnfitValue from error


def _local_timestamp(value: Any) -> dt.datetime:
    moment = _moment(value)
    if moment.tzinfo is not None:
        raise UnfitValue
    return moment


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and not isinstance(value, TextNumber) and _TIMESTAMP.fullmatch(value):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise UnfitValue from error
    raise UnfitValue


def _binary(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and not isinstance(value, TextNumber):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnfitValue from error
    raise UnfitValue


def _list(element: Convert, losses: Losses, *, one_will_do: bool) -> Convert:
    def convert(value: Any) -> list[Any]:
        if one_will_do and not isinstance(value, list | tuple):
            value = [value]  # where values are texts, a list of one looks like its element
        if not isinstance(value, list | tuple):
            raise UnfitValue
        return [_part(element, each, losses) for each in value]

    return convert


def _map(item: Convert, losses: Losses) -> Convert:
    def convert(value: Any) -> list[tuple[Any, Any]]:
        pairs = value.items() if isinstance(value, dict) else value
        if not isinstance(value, dict | list):
            raise UnfitValue
        return [(key, _part(item, each, losses)) for key, each in pairs]

    return convert


def _struct(parts: dict[str, Convert], losses: Losses) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise UnfitValue
        if not value.keys() <= parts.keys():
            losses.any = True
        return {name: _part(part, value.get(name), losses) for name, part in parts.items()}

    return convert


def _part(convert: Convert, value: Any, losses: Losses) -> Any:
    if value is None:
        return None
    try:
        return convert(value)
    except UnfitValue:
        losses.any = True
        return None
