"""The path without numpy, and without a width: every row through the arithmetic unit."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from lakehouse.division.arithmetic_unit import ArithmeticUnit
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.reasons import Reason, row_error
from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    NumericalOverflowException,
)
from lakehouse.division.instruction_sets.binary import BinaryInstructionSet
from lakehouse.division.operand import Operand, limit_of
from lakehouse.division.rounding import DecimalRounding, Rounding

__all__ = ["divide_rows"]

_Outcome = tuple[int, int] | Reason | None
_CHUNK_ROWS = 16_384


def divide_rows(
    dividends: pa.Array | pa.ChunkedArray,
    divisors: pa.Array | pa.ChunkedArray,
    *,
    width: int | None,
    signed: bool,
    rounding: Rounding | DecimalRounding,
    on_error: OnError,
    number_type: pa.DataType,
) -> pa.StructArray:
    """Divide two columns of one length; see ``divide_arrow``."""
    unit = ArithmeticUnit(BinaryInstructionSet(width=width, signed=signed), rounding=rounding)
    chunks = []
    for start in range(0, len(dividends), _CHUNK_ROWS):
        lefts = dividends.slice(start, _CHUNK_ROWS).to_pylist()
        rights = divisors.slice(start, _CHUNK_ROWS).to_pylist()
        outcomes = [_divide_row(unit, left, right) for left, right in zip(lefts, rights, strict=True)]
        if on_error == "raise":
            for row, outcome in enumerate(outcomes):
                if isinstance(outcome, Reason):
                    raise row_error(
                        outcome,
                        row=start + row,
                        dividend=lefts[row],
                        divisor=rights[row],
                        limit=limit_of(width, signed=signed),
                    )
        chunks.append(_struct(outcomes, number_type, quarantine=on_error == "quarantine"))
    return (
        pa.concat_arrays(chunks) if chunks else _struct([], number_type, quarantine=on_error == "quarantine")
    )


def _divide_row(unit: ArithmeticUnit, dividend: object, divisor: object) -> _Outcome:
    if dividend is None or divisor is None:
        return None
    try:
        # Arrow's decimals arrive as Python's; whole ones become an int without a division.
        left, right = (
            Operand.of(value if isinstance(value, str) else int(value))  # type: ignore[call-overload]
            for value in (dividend, divisor)
        )
        result = unit.divide(left, right)
    except DivideByZeroException:
        return Reason.ZERO_DIVISOR
    except NumericalOverflowException:
        return Reason.OVERFLOW
    except InvalidOperandError:
        return Reason.NOT_WHOLE
    return int(result.quotient), int(result.remainder)


def _struct(outcomes: list[_Outcome], number_type: pa.DataType, *, quarantine: bool) -> pa.StructArray:
    children = [
        pa.array(
            [
                _number(outcome[place], number_type) if isinstance(outcome, tuple) else None
                for outcome in outcomes
            ],
            number_type,
        )
        for place in (0, 1)
    ]
    names = ["quotient", "remainder"]
    if not quarantine:
        missing = [not isinstance(outcome, tuple) for outcome in outcomes]
        return pa.StructArray.from_arrays(children, names, mask=pa.array(missing, pa.bool_()))
    texts = pa.array([reason.text if reason else None for reason in Reason], pa.string())
    codes = [int(outcome) if isinstance(outcome, Reason) else 0 for outcome in outcomes]
    children.append(pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), texts))
    nulls = pa.array([outcome is None for outcome in outcomes], pa.bool_())
    return pa.StructArray.from_arrays(children, [*names, "error"], mask=nulls)


def _number(value: int, number_type: pa.DataType) -> object:
    """What ``pa.array`` takes for a value of this type: text for strings, the int for everything else."""
    convert: Callable[[int], object] = _text if pa.types.is_string(number_type) else int
    return convert(value)


def _text(value: int) -> str:
    return str(Operand.of(value))
