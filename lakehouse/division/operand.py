"""A number that takes part in a division."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lakehouse.division.errors import InvalidOperandError, NumericalOverflowException
from lakehouse.division.numerals import check_base, digits_of, parse_digits, text_of

__all__ = ["Operand", "fits", "limit_of"]


def fits(value: int, width: int | None, *, signed: bool = True) -> bool:
    """Whether ``width`` bits, two's complement if ``signed``, hold ``value``; None holds every value."""
    if width is None:
        return signed or value >= 0
    return -(1 << (width - 1)) <= value < 1 << (width - 1) if signed else 0 <= value < 1 << width


def limit_of(width: int | None, *, signed: bool = True) -> str:
    """The limit by name, for an error's message."""
    if width is None:
        return "any width" if signed else "any width without a sign"
    if signed:
        return f"{width} bits (-2^{width - 1} to 2^{width - 1} - 1)"
    return f"{width} unsigned bits (0 to 2^{width} - 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A whole number, its sign apart from its magnitude. Zero has no sign here (in a FloatOperand it has)."""

    negative: bool = False
    magnitude: int
    """At least 0."""
    base: int = 10
    """The base of the number's text, 2 to 36; the value does not depend on it."""
    width: int | None = None
    """Bits of two's complement that hold the number; None: unbounded."""

    def __post_init__(self) -> None:
        check_base(self.base)
        if self.magnitude < 0:
            raise InvalidOperandError(value=self.magnitude, expected="a magnitude of at least 0")
        if not fits(-self.magnitude if self.negative else self.magnitude, self.width):
            raise NumericalOverflowException(value=int(self), limit=limit_of(self.width))

    @classmethod
    def of(cls, value: int | str, *, base: int = 10, width: int | None = None) -> Self:
        """The operand of an int, or of a text in ``base`` with an optional sign; no bool, no float."""
        if isinstance(value, str):
            digits = value.strip()
            negative = digits.startswith("-")
            magnitude = parse_digits(digits[1:] if digits[:1] in {"+", "-"} else digits, base)
            return cls(negative=negative and magnitude > 0, magnitude=magnitude, base=base, width=width)
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidOperandError(value=value, expected="an int, or its digits as a str")
        return cls(negative=value < 0, magnitude=abs(value), base=base, width=width)

    def __int__(self) -> int:
        return -self.magnitude if self.negative else self.magnitude

    def __str__(self) -> str:
        """The digits in the operand's own base."""
        return ("-" if self.negative else "") + text_of(digits_of(self.magnitude, self.base))
