"""The entry point for columns."""

from __future__ import annotations

import importlib
from typing import Any

import pyarrow as pa

from lakehouse.division.columns.inputs import as_columns
from lakehouse.division.columns.kernel import resolve_engine
from lakehouse.division.columns.options import Algorithm, Engine, OnError, check_options
from lakehouse.division.columns.rows import divide_rows
from lakehouse.division.columns.types import check_type, result_type
from lakehouse.division.rounding import DecimalRounding, Rounding

__all__ = ["divide_arrow"]

_WIDEST = 128


def divide_arrow(
    dividends: Any,
    divisors: Any,
    *,
    width: int | None = 64,
    signed: bool = True,
    rounding: Rounding | DecimalRounding = Rounding.FLOOR,
    on_error: OnError = "null",
    algorithm: Algorithm = "shift_subtract",
    engine: Engine = "auto",
) -> pa.StructArray:
    """Divide two columns of one length, row by row: a struct of quotient and remainder.

    Takes integers, decimals of scale 0 and strings of digits, mixed at will; one side may be one number (an
    int, a decimal, digits, an Arrow scalar) for all rows. The numbers come back as integers of ``width`` bits,
    unsigned unless ``signed``, as decimal256(39, 0) for 128, as strings for None. A null operand makes a
    null row. A zero divisor, a number or quotient beyond the width, and text that is not a whole number go
    by ``on_error``; "quarantine" adds the field ``error`` with the reason, null where there is a result.
    Without a sign, a rounding up whose remainder would be negative is beyond the width too.

    Raises InvalidOptionError, InvalidOperandError for a column of another type or length,
    MissingDependencyError for an engine that is not installed, and for on_error="raise" the error of the
    first bad row.
    """
    check_options(width=width, signed=signed, on_error=on_error, algorithm=algorithm, engine=engine)
    dividends, divisors = as_columns(dividends, divisors)
    check_type(dividends.type)
    check_type(divisors.type)
    engine = resolve_engine(engine, algorithm)
    beyond_words = width is None or (width == _WIDEST and not signed)
    if beyond_words or engine == "rows" or rounding is DecimalRounding.ZERO_FIVE_UP:
        return divide_rows(
            dividends,
            divisors,
            width=width,
            signed=signed,
            rounding=rounding,
            on_error=on_error,
            number_type=result_type(width, signed=signed),
        )
    # Needs numpy, an optional dependency.
    blocks = importlib.import_module("lakehouse.division.columns.blocks")
    struct: pa.StructArray = blocks.divide_blocks(
        dividends,
        divisors,
        width=width,
        signed=signed,
        step=rounding.step,
        on_error=on_error,
        algorithm=algorithm,
        engine=engine,
    )
    return struct
