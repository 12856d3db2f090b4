"""What a division gives."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.division.operand import Operand

__all__ = ["Result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``dividend = quotient * divisor + remainder``, exactly."""

    quotient: Operand
    remainder: Operand
