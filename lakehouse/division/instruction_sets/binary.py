"""Whole numbers, bit by bit."""

from __future__ import annotations

from lakehouse.division.instruction_sets.radix import RadixInstructionSet

__all__ = ["BinaryInstructionSet"]


class BinaryInstructionSet(RadixInstructionSet):
    """Base 2, where a shift is a machine's own and a length is one instruction; 64 bits unless told."""

    def __init__(self, *, width: int | None = 64, signed: bool = True) -> None:
        super().__init__(2, width=width, signed=signed)

    def shift_left(self, magnitude: int, places: int) -> int:
        return magnitude << places

    def length(self, magnitude: int) -> int:
        return magnitude.bit_length()
