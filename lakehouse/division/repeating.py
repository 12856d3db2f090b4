"""Fractions written out: the digits before the period, and the period."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.division.arithmetic_unit import long_division
from lakehouse.division.errors import DivideByZeroException, NumericalOverflowException
from lakehouse.division.instruction_sets.radix import RadixInstructionSet
from lakehouse.division.numerals import digits_of, text_of
from lakehouse.division.operand import Operand

__all__ = ["RepeatingExpansion", "expand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatingExpansion:
    """A fraction's digits: ``whole . prefix period period …``, and no period if the digits end."""

    negative: bool
    whole: tuple[int, ...]
    prefix: tuple[int, ...]
    period: tuple[int, ...]

    @property
    def start(self) -> int:
        """How many digits stand between the point and the period."""
        return len(self.prefix)

    @property
    def length(self) -> int:
        """Digits in the period; 0 if the digits end."""
        return len(self.period)

    def __str__(self) -> str:
        """The period stands in parentheses: ``-0.08(3)``."""
        text = ("-" if self.negative else "") + text_of(self.whole)
        if not self.prefix and not self.period:
            return text
        return f"{text}.{text_of(self.prefix)}" + (f"({text_of(self.period)})" if self.period else "")


def expand(
    dividend: int, divisor: int, *, base: int = 10, max_digits: int = 100_000, where: str = ""
) -> RepeatingExpansion:
    """Write ``dividend`` by ``divisor`` out in ``base``; ``where`` begins an error's message.

    Raises DivideByZeroException, InvalidOperandError for a float or anything else but an int, and
    NumericalOverflowException if the digits neither end nor repeat within ``max_digits`` (a period may be as
    long as the divisor is large).
    """
    dividend, divisor = int(Operand.of(dividend)), int(Operand.of(divisor))
    if not divisor:
        raise DivideByZeroException(dividend=dividend, where=where)
    magnitude = abs(divisor)
    whole, remainder = long_division(RadixInstructionSet(base), abs(dividend), magnitude)
    digits: list[int] = []
    seen: dict[int, int] = {}
    while remainder and remainder not in seen:
        if len(digits) == max_digits:
            limit = f"{max_digits} digits without a repetition"
            raise NumericalOverflowException(value=f"{dividend} by {divisor}", limit=limit, where=where)
        seen[remainder] = len(digits)
        digit, remainder = _next_digit(remainder * base, magnitude)
        digits.append(digit)
    start = seen[remainder] if remainder else len(digits)
    return RepeatingExpansion(
        negative=(dividend < 0) != (divisor < 0) and dividend != 0,
        whole=digits_of(whole, base),
        prefix=tuple(digits[:start]),
        period=tuple(digits[start:]),
    )


def _next_digit(shifted: int, divisor: int) -> tuple[int, int]:
    """How often the divisor goes in, less often than the base has digits, and what is left."""
    digit = 0
    while shifted >= divisor:
        shifted -= divisor
        digit += 1
    return digit, shifted
