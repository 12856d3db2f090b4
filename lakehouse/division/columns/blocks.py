"""The vectorised path: block after block through a kernel, with little scratch memory for any length."""

from __future__ import annotations

import importlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel, kernel_for
from lakehouse.division.columns.narrow import NarrowDivider
from lakehouse.division.columns.options import Algorithm, Engine, OnError
from lakehouse.division.columns.output import StructOutput
from lakehouse.division.columns.reasons import Reason, row_error
from lakehouse.division.columns.rounded import Mask, Signed
from lakehouse.division.columns.wide import WideDivider
from lakehouse.division.columns.words import Block, read_block
from lakehouse.division.operand import limit_of
from lakehouse.division.step import Step

__all__ = ["divide_blocks"]

Codes = npt.NDArray[np.uint8]


def divide_blocks(
    dividends: pa.Array | pa.ChunkedArray,
    divisors: pa.Array | pa.ChunkedArray,
    *,
    width: int,
    signed: bool,
    step: Step,
    on_error: OnError,
    algorithm: Algorithm,
    engine: Engine,
) -> pa.StructArray:
    """Divide two columns of one length; see ``divide_arrow``. Without a sign, 64 bits at most."""
    kernel = kernel_for(engine, algorithm)
    divider = _divider(kernel, engine, width=width if signed else width << 1, step=step)
    output = StructOutput(len(dividends), width=width, signed=signed, on_error=on_error)
    for start in range(0, len(dividends), BLOCK_ROWS):
        rows = min(BLOCK_ROWS, len(dividends) - start)
        left, right = read_block(dividends, start, rows), read_block(divisors, start, rows)
        null = _null_rows(left, right)
        codes = _operand_codes(left, right, null, width, signed=signed)
        excluded = _either(null, None if codes is None else codes != Reason.FINE)
        quotients, remainders, overflow = divider.divide(left, right, excluded)
        if not signed:
            overflow = _is_negative(remainders)
        if overflow.any():
            codes = np.zeros(rows, np.uint8) if codes is None else codes
            codes[overflow] = Reason.OVERFLOW
        if codes is not None and on_error == "raise":
            _raise_first(codes, start, dividends, divisors, limit_of(width, signed=signed))
        output.put(start, quotients, remainders, null=null, codes=codes)
    return output.finish()


def _divider(
    kernel: MagnitudeKernel, engine: Engine, *, width: int, step: Step
) -> NarrowDivider | WideDivider:
    if width == 128:
        return WideDivider(kernel, step=step)
    kind = NarrowDivider
    if engine == "numba":
        # An optional dependency.
        narrow = importlib.import_module("lakehouse.division.columns.narrow_numba")
        kind = narrow.CompiledNarrowDivider
    return kind(kernel, width=width, step=step)


def _is_negative(remainders: Signed) -> Mask:
    """Where rounding up left a remainder that needs a sign."""
    negative: Mask = (remainders if remainders.ndim == 1 else remainders[1]) < 0
    return negative


def _null_rows(left: Block, right: Block) -> Mask | None:
    return _either(None if left.valid is None else ~left.valid, None if right.valid is None else ~right.valid)


def _either(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _operand_codes(left: Block, right: Block, null: Mask | None, width: int, *, signed: bool) -> Codes | None:
    """Why rows can't be divided; of several reasons, text that is not a number comes first, then its size."""
    zero = right.low == 0 if right.high is None else (right.low == 0) & (right.high == 0)
    found: list[tuple[Reason, Mask | None]] = [(Reason.ZERO_DIVISOR, zero)]
    found += [(Reason.OVERFLOW, block.beyond(width, signed=signed)) for block in (left, right)]
    for reason in (Reason.OVERFLOW, Reason.NOT_WHOLE):
        found += [(reason, block.codes == reason) for block in (left, right) if block.codes is not None]
    codes: Codes | None = None
    for reason, mask in found:
        if mask is not None and mask.any():
            codes = np.zeros(len(zero), np.uint8) if codes is None else codes
            codes[mask] = reason
    if codes is not None and null is not None:
        codes[null] = Reason.FINE
    return codes


def _raise_first(
    codes: Codes,
    start: int,
    dividends: pa.Array | pa.ChunkedArray,
    divisors: pa.Array | pa.ChunkedArray,
    limit: str,
) -> None:
    if codes.any():
        row = int(np.argmax(codes != Reason.FINE))
        raise row_error(
            Reason(int(codes[row])),
            row=start + row,
            dividend=dividends[start + row].as_py(),
            divisor=divisors[start + row].as_py(),
            limit=limit,
        )
