"""A column's smallest and largest value as the log writes them: never too narrow, so that no row is skipped.

Delta PROTOCOL, "Per-file Statistics": strings are cut to a prefix and timestamps to milliseconds. A cut
minimum goes down and a cut maximum goes up.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

import msgspec
import pyarrow as pa

__all__ = ["bound"]

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_PREFIX_LENGTH = 32
_LAST_CHARACTER = "\U0010ffff"
_PER_MILLISECOND = {"ms": 1, "us": 1_000, "ns": 1_000_000}


def bound(raw: Any, data_type: pa.DataType, *, is_max: bool) -> Any:
    """Return what the statistics' JSON says for a footer's raw value; None if nothing true can be said."""
    types = pa.types
    if types.is_string(data_type) or types.is_large_string(data_type):
        return _text(raw, is_max=is_max)
    if types.is_floating(data_type):
        return raw if math.isfinite(raw) else None
    if types.is_integer(data_type):
        return raw
    if types.is_decimal(data_type):
        return _decimal(raw, data_type.scale)
    if types.is_date32(data_type):
        return _date(raw)
    if types.is_timestamp(data_type) and data_type.unit in _PER_MILLISECOND:
        return _timestamp(raw, data_type, is_max=is_max)
    return None


def _text(raw: bytes, *, is_max: bool) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:  # another writer's footer may cut within a character
        return None
    if len(text) <= _PREFIX_LENGTH or not is_max:
        return text[:_PREFIX_LENGTH]
    # The prefix and the last of all characters come after every text that starts with the prefix, unless the
    # text continues with that character.
    for end in range(_PREFIX_LENGTH, len(text)):
        if text[end] != _LAST_CHARACTER:
            return text[:end] + _LAST_CHARACTER
    return text


def _decimal(raw: int | bytes, scale: int) -> msgspec.Raw:
    unscaled = raw if isinstance(raw, int) else int.from_bytes(raw, "big", signed=True)
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
    text = f"{'-' if unscaled < 0 else ''}{whole}{'.' if scale else ''}{fraction}"
    return msgspec.Raw(text.encode())


def _date(days: int) -> str | None:
    try:
        return datetime.date.fromordinal(days + _EPOCH).isoformat()
    except (ValueError, OverflowError):  # before year 1 or after 9999
        return None


def _timestamp(raw: int, data_type: pa.TimestampType, *, is_max: bool) -> str | None:
    per_millisecond = _PER_MILLISECOND[data_type.unit]
    milliseconds = -(-raw // per_millisecond) if is_max else raw // per_millisecond
    days, of_day = divmod(milliseconds, 86_400_000)
    date = _date(days)
    if date is None:
        return None
    seconds, thousandths = divmod(of_day, 1_000)
    minutes, second = divmod(seconds, 60)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{thousandths:03d}"
    return f"{date}T{clock}{'Z' if data_type.tz else ''}"
