"""The numbers an arithmetic unit can divide, one kind a file. They do not know the unit."""

from lakehouse.division.instruction_sets.binary import BinaryInstructionSet
from lakehouse.division.instruction_sets.complex import ComplexInstructionSet
from lakehouse.division.instruction_sets.decimal import DecimalInstructionSet
from lakehouse.division.instruction_sets.ieee754 import Ieee754InstructionSet
from lakehouse.division.instruction_sets.radix import RadixInstructionSet
from lakehouse.division.instruction_sets.scaled_decimal import ScaledDecimalInstructionSet

__all__ = [
    "BinaryInstructionSet",
    "ComplexInstructionSet",
    "DecimalInstructionSet",
    "Ieee754InstructionSet",
    "RadixInstructionSet",
    "ScaledDecimalInstructionSet",
]
