"""What an arithmetic unit needs of the numbers it divides: a few primitives, and the way in and out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.division.operand import Operand
from lakehouse.division.result import Result

__all__ = ["InstructionSet", "Ratio", "WholeQuotient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Two natural numbers to divide, the second one not zero."""

    dividend: int
    divisor: int
    negative_dividend: bool = False
    negative_divisor: bool = False
    integral: bool = True
    """False: the quotient's digits go on, so that it is truncated here and rounded by the instruction set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeQuotient:
    """A quotient and a remainder as magnitudes with signs."""

    quotient: int
    remainder: int
    negative_quotient: bool = False
    negative_remainder: bool = False


class InstructionSet(ABC):
    """The primitives on magnitudes, which the unit's algorithm is made of, and the rules of its numbers."""

    base: int
    """A shift by one place multiplies by this."""

    def compare(self, left: int, right: int) -> int:
        """-1, 0 or 1 as ``left`` is below, equal to or above ``right``."""
        return (left > right) - (left < right)

    def subtract(self, left: int, right: int) -> int:
        """``left - right``, where ``left`` is not below ``right``."""
        return left - right

    def add(self, left: int, right: int) -> int:
        """``left + right``; the unit only adds one digit to a place that is free."""
        return left + right

    @abstractmethod
    def shift_left(self, magnitude: int, places: int) -> int:
        """``magnitude`` with that many zeros of this base appended."""

    @abstractmethod
    def length(self, magnitude: int) -> int:
        """How many digits ``magnitude`` has in this base; 0 for zero."""

    @abstractmethod
    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        """Refuse the operands by raising, or give the result that the rules name as it is, or None: divide.

        Raises DivideByZeroException and NumericalOverflowException, where the numbers know no other answer.
        """

    @abstractmethod
    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        """The divisions of natural numbers that the division comes down to."""

    @abstractmethod
    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        """Put the answers to ``ratios``, in their order, together; raises NumericalOverflowException."""
