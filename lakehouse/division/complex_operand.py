"""A complex number, its two parts being numbers of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lakehouse.division.operand import Operand
from lakehouse.division.result import Result

__all__ = ["ComplexOperand", "ComplexResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexOperand(Operand):
    """``real + imaginary * i``; make it with ``of_parts``. The inherited fields are the real part's."""

    real: Operand
    imaginary: Operand

    @classmethod
    def of_parts(cls, real: Operand, imaginary: Operand) -> Self:
        """Both parts must be of the same kind."""
        return cls(negative=real.negative, magnitude=real.magnitude, real=real, imaginary=imaginary)

    @property
    def parts(self) -> tuple[Operand, Operand]:
        return self.real, self.imaginary

    def __str__(self) -> str:
        return f"({self.real} + {self.imaginary}i)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexResult(Result):
    """The quotient and what is left, with the results of both parts, which carry their flags."""

    quotient: ComplexOperand
    remainder: ComplexOperand
    real: Result
    imaginary: Result
