"""A literal between the two values of a column's type that enclose it: nothing of it is cut or rounded."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import pyarrow as pa

__all__ = ["Bracket", "bracket"]

_Exact: TypeAlias = Fraction | float
"""A finite number, or one of the two infinities."""

_DAY_NS = 86_400_000_000_000
_UNIT_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_EPOCH = datetime(1970, 1, 1)
_FLOATS = {16: "e", 32: "f", 64: "d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """The largest value of the type that is not above the literal, and the smallest that is not below it."""

    low: Any
    """As ``pyarrow.scalar`` takes it; None where every value is above the literal."""
    high: Any
    """None where every value is below the literal."""
    is_unordered: bool = False
    """The literal is NaN: no value is equal to it, below it or above it."""

    @property
    def is_exact(self) -> bool:
        """Whether the literal is a value of the type."""
        return self.low is not None and self.low == self.high


def bracket(literal: Any, data_type: pa.DataType) -> Bracket:
    """Return where a literal lies among the values of a type. Raises TypeError where they can't be compared."""
    value = _python(literal)
    if pa.types.is_boolean(data_type):
        return _same(value, bool, data_type)
    if pa.types.is_string(data_type):
        return _same(value, str, data_type)
    if pa.types.is_binary(data_type):
        return _same(bytes(value) if isinstance(value, bytearray | memoryview) else value, bytes, data_type)
    if pa.types.is_date32(data_type) or pa.types.is_timestamp(data_type):
        return _of_time(value, data_type)
    return _of_number(value, data_type)


def _python(literal: Any) -> Any:
    if not isinstance(literal, pa.Scalar):
        if type(literal).__module__ != "numpy":
            return literal
        literal = pa.scalar(literal)
    # A moment in nanoseconds is more than Python's datetime holds.
    return literal if pa.types.is_timestamp(literal.type) else literal.as_py()


def _same(value: Any, wanted: type, data_type: pa.DataType) -> Bracket:
    if not isinstance(value, wanted):
        raise _mismatch(value, data_type)
    if isinstance(value, str):
        value.encode()  # raises UnicodeError for half a surrogate pair
    return Bracket(low=value, high=value)


def _mismatch(value: Any, data_type: pa.DataType) -> TypeError:
    return TypeError(f"the value {value!r} can't be compared with a column of the type {data_type}")


# ---- numbers ----


def _of_number(value: Any, data_type: pa.DataType) -> Bracket:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise _mismatch(value, data_type)
    if value != value:
        if isinstance(value, float) and pa.types.is_floating(data_type):
            return Bracket(low=value, high=value, is_unordered=True)
        return Bracket(low=None, high=None, is_unordered=True)
    exact: _Exact = (
        float(value) if isinstance(value, float | Decimal) and _is_infinite(value) else Fraction(value)
    )
    if pa.types.is_integer(data_type):
        half = 2 ** (data_type.bit_width - 1)
        return _on_grid(exact, lowest=-half, highest=half - 1, made=int)
    if pa.types.is_decimal(data_type):
        highest = 10**data_type.precision - 1
        scaled = exact * 10**data_type.scale if isinstance(exact, Fraction) else exact
        return _on_grid(scaled, lowest=-highest, highest=highest, made=_decimals(data_type.scale))
    if pa.types.is_floating(data_type):
        return _of_float(exact, data_type)
    raise _mismatch(value, data_type)


def _is_infinite(value: float | Decimal) -> bool:
    return value.is_infinite() if isinstance(value, Decimal) else math.isinf(value)


def _decimals(scale: int) -> Callable[[int], Decimal]:
    # Not by scaleb, which rounds to the digits of the context.
    return lambda unscaled: Decimal(
        (int(unscaled < 0), tuple(int(digit) for digit in str(abs(unscaled))), -scale)
    )


def _on_grid(exact: _Exact, *, lowest: int, highest: int, made: Callable[[int], Any]) -> Bracket:
    """Return the enclosing whole numbers of a range, each turned into a value by ``made``."""
    if exact < lowest:
        return Bracket(low=None, high=made(lowest))
    if exact > highest:
        return Bracket(low=made(highest), high=None)
    return Bracket(low=made(math.floor(exact)), high=made(math.ceil(exact)))


def _of_float(exact: _Exact, data_type: pa.DataType) -> Bracket:
    if isinstance(exact, float):
        return Bracket(low=exact, high=exact)
    code = _FLOATS[data_type.bit_width]
    near = _nearest(exact, code)
    if math.isfinite(near) and Fraction(near) == exact:
        return Bracket(low=near, high=near)
    if near > exact:
        return Bracket(low=_next(near, code, up=False), high=near)
    return Bracket(low=near, high=_next(near, code, up=True))


def _nearest(exact: Fraction, code: str) -> float:
    try:
        return float(struct.unpack(f"<{code}", struct.pack(f"<{code}", float(exact)))[0])
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _next(value: float, code: str, *, up: bool) -> float:
    """Return the neighbour of a float among the floats of a width."""
    if value == 0:
        tiny = struct.unpack(f"<{code}", (1).to_bytes(struct.calcsize(code), "little"))[0]
        return float(tiny if up else -tiny)
    width = struct.calcsize(code)
    bits = int.from_bytes(struct.pack(f"<{code}", value), "little")
    # Without their sign, the bits of floats are in the order of their size.
    bits += 1 if (value > 0) == up else -1
    return float(struct.unpack(f"<{code}", bits.to_bytes(width, "little"))[0])


# ---- dates and moments ----


def _of_time(value: Any, data_type: pa.DataType) -> Bracket:
    moment_ns, has_zone = _nanoseconds(value, data_type)
    if pa.types.is_date32(data_type):
        return _on_grid(Fraction(moment_ns, _DAY_NS), lowest=-(2**31), highest=2**31 - 1, made=int)
    is_moment = isinstance(value, datetime | pa.Scalar)
    if is_moment and has_zone != (data_type.tz is not None):
        with_zone, without = ("value", "column") if has_zone else ("column", "value")
        reason = f"{value!r} can't be compared: the {with_zone} has a time zone, the {without} has none"
        raise TypeError(reason)
    unit_ns = _UNIT_NS[data_type.unit]
    return _on_grid(Fraction(moment_ns, unit_ns), lowest=-(2**63), highest=2**63 - 1, made=int)


def _nanoseconds(value: Any, data_type: pa.DataType) -> tuple[int, bool]:
    """Return the nanoseconds since 1970 of a date, which begins at midnight, or of a moment; and its zone."""
    if isinstance(value, pa.TimestampScalar) and value.value is not None:
        return value.value * _UNIT_NS[value.type.unit], value.type.tz is not None
    if isinstance(value, datetime):
        plain = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        # pandas' Timestamp is a datetime with nanoseconds beside.
        beyond_ns = int(getattr(value, "nanosecond", 0))
        since = datetime(*plain.timetuple()[:6], plain.microsecond) - _EPOCH
        return (since // timedelta(microseconds=1)) * 1_000 + beyond_ns, value.tzinfo is not None
    if isinstance(value, date):
        return (value.toordinal() - _EPOCH.toordinal()) * _DAY_NS, False
    raise _mismatch(value, data_type)
