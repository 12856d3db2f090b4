"""A decimal number: sign, coefficient and a power of ten, or infinity, or no number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.numerals import digits_of, parse_digits, scale_up, text_of
from lakehouse.division.operand import Operand

__all__ = ["DecimalOperand", "as_decimal"]

_FINITE = re.compile(
    r"(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?(?:e(?P<exponent>[+-]?[0-9]{1,18}))?", re.IGNORECASE
)
_SPECIAL = re.compile(r"(?:(?P<infinite>inf(?:inity)?)|(?P<signal>s)?nan(?P<payload>[0-9]*))", re.IGNORECASE)
_FIRST_SCIENTIFIC = -6


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalOperand(Operand):
    """``magnitude * 10^exponent``; trailing zeros count (2.40 is not 2.4), and zero has a sign."""

    exponent: int = 0
    kind: NumberKind = NumberKind.FINITE
    """Unless FINITE, the exponent is 0 and the magnitude is a NaN's payload."""

    @classmethod
    def of(cls, value: int | str, *, base: int = 10, width: int | None = None) -> Self:
        """Read an int or a numeric string (General Decimal Arithmetic, "Numeric string syntax")."""
        if base != 10 or width is not None:
            raise InvalidOperandError(value=(value, base, width), expected="base 10 without a width")
        if not isinstance(value, str):
            whole = Operand.of(value)
            return cls(negative=whole.negative, magnitude=whole.magnitude)
        negative, body = value[:1] == "-", value[1:] if value[:1] in {"+", "-"} else value
        if special := _SPECIAL.fullmatch(body):
            return cls._special(special, negative=negative)
        parsed = _FINITE.fullmatch(body)
        digits = parsed["whole"] + (parsed["part"] or "") if parsed else ""
        if not parsed or not digits:
            raise InvalidOperandError(
                value=value, expected="a decimal number such as -1.20E+3, Infinity or NaN"
            )
        exponent = int(parsed["exponent"] or 0) - len(parsed["part"] or "")
        return cls(negative=negative, magnitude=parse_digits(digits, 10), exponent=exponent)

    @classmethod
    def _special(cls, match: re.Match[str], *, negative: bool) -> Self:
        if match["infinite"]:
            return cls(negative=negative, magnitude=0, kind=NumberKind.INFINITE)
        kind = NumberKind.SIGNALING_NAN if match["signal"] else NumberKind.QUIET_NAN
        return cls(negative=negative, magnitude=parse_digits(match["payload"] or "0", 10), kind=kind)

    @property
    def is_zero(self) -> bool:
        return self.kind is NumberKind.FINITE and not self.magnitude

    def __int__(self) -> int:
        """The whole number; raises InvalidOperandError if there is a fraction, or no number."""
        if self.kind is not NumberKind.FINITE or (self.exponent < 0 and self.magnitude):
            raise InvalidOperandError(value=str(self), expected="a decimal with an exponent of at least 0")
        whole = scale_up(self.magnitude, self.exponent, 10) if self.magnitude else 0
        return -whole if self.negative else whole

    def __str__(self) -> str:
        """Scientific only where it must be (General Decimal Arithmetic, "to-scientific-string")."""
        sign = "-" if self.negative else ""
        digits = text_of(digits_of(self.magnitude, 10))
        if self.kind is not NumberKind.FINITE:
            return f"{sign}{self.kind.value}{digits if self.magnitude else ''}"
        adjusted = self.exponent + len(digits) - 1
        if self.exponent <= 0 and adjusted >= _FIRST_SCIENTIFIC:
            return sign + _plain(digits, -self.exponent)
        mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
        return f"{sign}{mantissa}E{adjusted:+d}"


def _plain(digits: str, scale: int) -> str:
    if not scale:
        return digits
    padded = digits.rjust(scale + 1, "0")
    return f"{padded[:-scale]}.{padded[-scale:]}"


def as_decimal(operand: Operand) -> DecimalOperand:
    """A whole Operand as a decimal with exponent 0; raises InvalidOperandError for other kinds."""
    if isinstance(operand, DecimalOperand):
        return operand
    if type(operand) is not Operand:
        raise InvalidOperandError(
            value=operand, expected="a DecimalOperand, or an Operand that is a whole number"
        )
    return DecimalOperand(negative=operand.negative, magnitude=operand.magnitude)
