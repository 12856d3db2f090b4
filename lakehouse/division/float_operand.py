"""A binary floating-point number, taken apart into sign, significand and a power of two."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Self

from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.operand import Operand

__all__ = ["BINARY16", "BINARY32", "BINARY64", "FloatFormat", "FloatOperand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFormat:
    """An interchange format (IEEE 754-2019, table 3.5)."""

    name: str
    bits: int
    precision: int
    """Bits of the significand, the hidden one included."""

    @property
    def exponent_bits(self) -> int:
        return self.bits - self.precision

    @property
    def max_exponent(self) -> int:
        """The exponent of the largest number's first bit; the bias of the encoding too."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def min_exponent(self) -> int:
        """The exponent of the smallest normal number's first bit."""
        return 1 - self.max_exponent

    @property
    def tiny_exponent(self) -> int:
        """The power of two that the last bit of a subnormal number stands for."""
        return self.min_exponent - (self.precision - 1)


BINARY16 = FloatFormat(name="binary16", bits=16, precision=11)
BINARY32 = FloatFormat(name="binary32", bits=32, precision=24)
BINARY64 = FloatFormat(name="binary64", bits=64, precision=53)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatOperand(Operand):
    """``magnitude * 2^exponent`` with a sign that zero has too."""

    exponent: int = 0
    kind: NumberKind = NumberKind.FINITE
    """Unless FINITE, the exponent is 0 and the magnitude is a NaN's payload."""
    format: FloatFormat = BINARY64

    @classmethod
    def from_bits(cls, bits: int, format: FloatFormat = BINARY64) -> Self:  # noqa: A002 - IEEE 754's word
        """Read an encoding (IEEE 754-2019, 3.4)."""
        if not 0 <= bits < 1 << format.bits:
            raise InvalidOperandError(value=bits, expected=f"an encoding of {format.bits} bits")
        fraction_bits = format.precision - 1
        fraction = bits & ((1 << fraction_bits) - 1)
        biased = (bits >> fraction_bits) & ((1 << format.exponent_bits) - 1)
        negative = bool(bits >> (format.bits - 1))
        if biased == (1 << format.exponent_bits) - 1:
            return cls._special(fraction, negative=negative, format=format)
        hidden = (1 << fraction_bits) if biased else 0
        exponent = format.tiny_exponent + max(biased - 1, 0)
        return cls(negative=negative, magnitude=hidden | fraction, exponent=exponent, format=format)

    @classmethod
    def _special(cls, fraction: int, *, negative: bool, format: FloatFormat) -> Self:  # noqa: A002
        quiet_bit = 1 << (format.precision - 2)
        if not fraction:
            return cls(negative=negative, magnitude=0, kind=NumberKind.INFINITE, format=format)
        kind = NumberKind.QUIET_NAN if fraction & quiet_bit else NumberKind.SIGNALING_NAN
        return cls(negative=negative, magnitude=fraction & ~quiet_bit, kind=kind, format=format)

    @classmethod
    def from_float(cls, value: float, format: FloatFormat = BINARY64) -> Self:  # noqa: A002
        """Take a Python float that ``format`` holds exactly; raises InvalidOperandError for any other."""
        (bits,) = struct.unpack(">Q", struct.pack(">d", value))
        wide = cls.from_bits(bits)
        if format is BINARY64:
            return wide
        code, size = ("e", "H") if format is BINARY16 else ("f", "I")
        try:
            narrow = struct.pack(f">{code}", value)
        except OverflowError:
            narrow = b""
        if not narrow or (wide.kind is NumberKind.FINITE and struct.unpack(f">{code}", narrow)[0] != value):
            raise InvalidOperandError(value=value, expected=f"a float that {format.name} holds exactly")
        return cls.from_bits(struct.unpack(f">{size}", narrow)[0], format)

    @property
    def is_zero(self) -> bool:
        return self.kind is NumberKind.FINITE and not self.magnitude

    @property
    def bits(self) -> int:
        """The encoding in the operand's format; raises InvalidOperandError if the number does not fit it."""
        fmt = self.format
        fraction_bits = fmt.precision - 1
        sign = int(self.negative) << (fmt.bits - 1)
        if self.kind is not NumberKind.FINITE:
            quiet = (1 << (fmt.precision - 2)) if self.kind is NumberKind.QUIET_NAN else 0
            return sign | ((1 << fmt.exponent_bits) - 1) << fraction_bits | quiet | self.magnitude
        if not self.magnitude:
            return sign
        significand, exponent = _normal(self.magnitude, self.exponent, fmt)
        if significand >> fmt.precision or exponent + fraction_bits > fmt.max_exponent:
            raise InvalidOperandError(value=self, expected=f"a number that {fmt.name} holds exactly")
        hidden = significand >> fraction_bits
        biased = exponent - fmt.tiny_exponent + 1 if hidden else 0
        return sign | biased << fraction_bits | (significand & ((1 << fraction_bits) - 1))

    def __float__(self) -> float:
        if self.kind is NumberKind.FINITE:
            return math.copysign(math.ldexp(self.magnitude, self.exponent), -1 if self.negative else 1)
        special = math.inf if self.kind is NumberKind.INFINITE else math.nan
        return math.copysign(special, -1 if self.negative else 1)

    def __int__(self) -> int:
        """The whole number; raises InvalidOperandError if there is a fraction, or no number."""
        whole = self.magnitude << self.exponent if self.exponent >= 0 else self.magnitude >> -self.exponent
        lossy = self.exponent < 0 and whole << -self.exponent != self.magnitude
        if self.kind is not NumberKind.FINITE or lossy:
            raise InvalidOperandError(value=self, expected="a float that is a whole number")
        return -whole if self.negative else whole

    def __str__(self) -> str:
        return repr(float(self))


def _normal(magnitude: int, exponent: int, fmt: FloatFormat) -> tuple[int, int]:
    """Shift so that the significand fills the precision, or the exponent is the least one; no bit is lost."""
    room = min(fmt.precision - magnitude.bit_length(), exponent - fmt.tiny_exponent)
    if room >= 0:
        return magnitude << room, exponent - room
    shifted = magnitude >> -room
    return (shifted, exponent - room) if shifted << -room == magnitude else (1 << fmt.precision, exponent)
