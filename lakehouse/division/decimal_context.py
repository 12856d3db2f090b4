"""The precision and range of exponents that a decimal result has to fit, and what it signals on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from lakehouse.division.decimal_operand import DecimalOperand
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.numerals import digits_of, number_of, power, scale_up
from lakehouse.division.result import Result
from lakehouse.division.rounding import DecimalRounding

__all__ = ["DecimalContext", "DecimalFlag", "DecimalResult", "FlaggedDecimal"]


class DecimalFlag(Flag):
    """The conditions a division can raise (General Decimal Arithmetic, "Exceptional conditions")."""

    NONE = 0
    CLAMPED = auto()
    DIVISION_BY_ZERO = auto()
    DIVISION_IMPOSSIBLE = auto()
    DIVISION_UNDEFINED = auto()
    INEXACT = auto()
    INVALID_OPERATION = auto()
    OVERFLOW = auto()
    ROUNDED = auto()
    SUBNORMAL = auto()
    UNDERFLOW = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaggedDecimal:
    """A decimal, and the conditions that arose in making it."""

    number: DecimalOperand
    flags: DecimalFlag = DecimalFlag.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalResult(Result):
    """Quotient and remainder with the conditions each of them raised."""

    quotient: DecimalOperand
    remainder: DecimalOperand
    """NaN where the quotient left the range of exponents, so that nothing exact remains."""
    flags: DecimalFlag = DecimalFlag.NONE
    remainder_flags: DecimalFlag = DecimalFlag.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalContext:
    """The directives of a calculation; ``finish`` brings a number into them."""

    precision: int
    rounding: DecimalRounding
    max_exponent: int
    min_exponent: int
    clamp: bool
    """True: the exponent itself, not only the adjusted one, stays in range (IEEE 754 interchange formats)."""

    @property
    def tiny_exponent(self) -> int:
        """The exponent of the smallest subnormal number."""
        return self.min_exponent - (self.precision - 1)

    @property
    def top_exponent(self) -> int:
        """The largest exponent that a number may have; with ``clamp`` it leaves room for all digits."""
        return self.max_exponent - (self.precision - 1 if self.clamp else 0)

    def finish(
        self, coefficient: int, exponent: int, *, negative: bool, sticky: bool = False
    ) -> FlaggedDecimal:
        """Round ``coefficient * 10^exponent`` into precision and range; ``sticky``: it is a bit more."""
        if not coefficient and not sticky:
            return self._zero(exponent, negative=negative)
        digits = digits_of(coefficient, 10)
        flags = DecimalFlag.NONE
        if exponent + len(digits) - 1 < self.min_exponent:
            flags |= DecimalFlag.SUBNORMAL
        drop = max(len(digits) - self.precision, self.tiny_exponent - exponent, 0)
        if drop:
            coefficient, inexact = self._round(digits, drop, negative=negative, sticky=sticky)
            exponent += drop
            flags |= DecimalFlag.ROUNDED | (DecimalFlag.INEXACT if inexact else DecimalFlag.NONE)
            if inexact and DecimalFlag.SUBNORMAL in flags:
                flags |= DecimalFlag.UNDERFLOW
        return self._into_range(coefficient, exponent, negative=negative, flags=flags)

    def _round(self, digits: tuple[int, ...], drop: int, *, negative: bool, sticky: bool) -> tuple[int, bool]:
        cut = len(digits) - drop
        kept, dropped = digits[: max(cut, 0)], digits[cut:] if cut >= 0 else (0, *digits)
        coefficient = number_of(kept, 10)
        inexact = sticky or any(dropped)
        tail = sticky or any(dropped[1:])
        half = (dropped[0] > 5) - (dropped[0] < 5) or int(tail)
        last_digit = kept[-1] if kept else 0
        if inexact and self.rounding.moves_away(last_digit=last_digit, half=half, negative=negative):
            coefficient += 1
        return coefficient, inexact

    def _into_range(
        self, coefficient: int, exponent: int, *, negative: bool, flags: DecimalFlag
    ) -> FlaggedDecimal:
        if coefficient == power(10, self.precision):
            coefficient, exponent = power(10, self.precision - 1), exponent + 1
        if not coefficient:
            return self._zero(exponent, negative=negative, flags=flags | DecimalFlag.CLAMPED)
        if exponent + len(digits_of(coefficient, 10)) - 1 > self.max_exponent:
            return self._overflow(negative=negative, flags=flags)
        if exponent > self.top_exponent:
            coefficient = scale_up(coefficient, exponent - self.top_exponent, 10)
            exponent, flags = self.top_exponent, flags | DecimalFlag.CLAMPED
        number = DecimalOperand(negative=negative, magnitude=coefficient, exponent=exponent)
        return FlaggedDecimal(number=number, flags=flags)

    def _zero(
        self, exponent: int, *, negative: bool, flags: DecimalFlag = DecimalFlag.NONE
    ) -> FlaggedDecimal:
        clamped = min(max(exponent, self.tiny_exponent), self.top_exponent)
        if clamped != exponent:
            flags |= DecimalFlag.CLAMPED
        number = DecimalOperand(negative=negative, magnitude=0, exponent=clamped)
        return FlaggedDecimal(number=number, flags=flags)

    def _overflow(self, *, negative: bool, flags: DecimalFlag) -> FlaggedDecimal:
        flags |= DecimalFlag.OVERFLOW | DecimalFlag.INEXACT | DecimalFlag.ROUNDED
        towards_zero = {DecimalRounding.DOWN, DecimalRounding.ZERO_FIVE_UP}
        towards_zero.add(DecimalRounding.FLOOR if not negative else DecimalRounding.CEILING)
        if self.rounding not in towards_zero:
            infinite = DecimalOperand(negative=negative, magnitude=0, kind=NumberKind.INFINITE)
            return FlaggedDecimal(number=infinite, flags=flags)
        largest = DecimalOperand(
            negative=negative,
            magnitude=power(10, self.precision) - 1,
            exponent=self.max_exponent - self.precision + 1,
        )
        return FlaggedDecimal(number=largest, flags=flags)
