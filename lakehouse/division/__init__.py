"""Divide whole numbers, decimals, floats and columns of them by shift, compare and subtract.

No division operator, and no reciprocal in its place, is used in here; Spark only in ``spark_udfs``.
"""

from lakehouse.division.allocation import allocate
from lakehouse.division.arithmetic_unit import ArithmeticUnit
from lakehouse.division.columns import (
    allocate_arrow,
    div_round_arrow,
    divide_arrow,
    divide_exact_types,
    expand_arrow,
)
from lakehouse.division.complex_operand import ComplexOperand, ComplexResult
from lakehouse.division.decimal_context import DecimalFlag, DecimalResult
from lakehouse.division.decimal_operand import DecimalOperand
from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    InvalidOperationError,
    InvalidOptionError,
    InvalidRatesError,
    NumericalOverflowException,
)
from lakehouse.division.exchange_rates import ExchangeRates, parse_rates
from lakehouse.division.float_operand import BINARY16, BINARY32, BINARY64, FloatFormat, FloatOperand
from lakehouse.division.float_rounding import FloatFlag, FloatResult, FloatRounding
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.instruction_sets import (
    BinaryInstructionSet,
    ComplexInstructionSet,
    DecimalInstructionSet,
    Ieee754InstructionSet,
    RadixInstructionSet,
    ScaledDecimalInstructionSet,
)
from lakehouse.division.operand import Operand
from lakehouse.division.repeating import RepeatingExpansion, expand
from lakehouse.division.result import Result
from lakehouse.division.rounding import DecimalRounding, Rounding

__all__ = [
    "BINARY16",
    "BINARY32",
    "BINARY64",
    "ArithmeticUnit",
    "BinaryInstructionSet",
    "ComplexInstructionSet",
    "ComplexOperand",
    "ComplexResult",
    "DecimalFlag",
    "DecimalInstructionSet",
    "DecimalOperand",
    "DecimalResult",
    "DecimalRounding",
    "DivideByZeroException",
    "ExchangeRates",
    "FloatFlag",
    "FloatFormat",
    "FloatOperand",
    "FloatResult",
    "FloatRounding",
    "Ieee754InstructionSet",
    "InstructionSet",
    "InvalidOperandError",
    "InvalidOperationError",
    "InvalidOptionError",
    "InvalidRatesError",
    "NumericalOverflowException",
    "Operand",
    "RadixInstructionSet",
    "Ratio",
    "RepeatingExpansion",
    "Result",
    "Rounding",
    "ScaledDecimalInstructionSet",
    "WholeQuotient",
    "allocate",
    "allocate_arrow",
    "div_round_arrow",
    "divide_arrow",
    "divide_exact_types",
    "expand",
    "expand_arrow",
    "parse_rates",
]
