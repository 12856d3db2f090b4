"""The struct column that a division fills, its memory taken once for all rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.reasons import Reason
from lakehouse.division.columns.rounded import Mask, Signed
from lakehouse.division.columns.types import result_type

__all__ = ["StructOutput"]

Codes = npt.NDArray[np.uint8]

_DECIMAL256_WORDS = 4


class _Bitmap:
    """A bit a row, set unless the row is missing; no memory is taken before the first one that is."""

    def __init__(self, rows: int) -> None:
        self._bytes = (rows + 7) >> 3
        self._bits: Codes | None = None

    def put(self, start: int, missing: Mask | None) -> None:
        """Take a block's missing rows; ``start`` is a multiple of eight."""
        if missing is None or not missing.any():
            return
        if self._bits is None:
            self._bits = np.full(self._bytes, 0xFF, np.uint8)
        packed = np.packbits(~missing, bitorder="little")
        self._bits[start >> 3 : (start >> 3) + len(packed)] = packed

    def buffer(self) -> pa.Buffer | None:
        """None: no row is missing."""
        return None if self._bits is None else pa.py_buffer(self._bits)


class StructOutput:
    """Buffers of the whole length; ``put`` fills a block that starts at a multiple of eight rows."""

    def __init__(self, rows: int, *, width: int, signed: bool, on_error: OnError) -> None:
        self._rows = rows
        self._type = result_type(width, signed=signed)
        self._on_error = on_error
        shape: tuple[int, ...] = (rows, _DECIMAL256_WORDS) if width == 128 else (rows,)
        stored = np.dtype(np.int64) if width == 128 else np.dtype(f"i{width >> 3}")
        self._values = (np.empty(shape, stored), np.empty(shape, stored))
        self._has_value = _Bitmap(rows)
        self._is_row = _Bitmap(rows) if on_error == "quarantine" else self._has_value
        self._codes = np.zeros(rows, np.int8) if on_error == "quarantine" else None

    def put(
        self, start: int, quotients: Signed, remainders: Signed, *, null: Mask | None, codes: Codes | None
    ) -> None:
        """Take the block's numbers; ``null`` rows had a null operand, rows with a code have no result."""
        rows = quotients.shape[-1]
        for target, source in zip(self._values, (quotients, remainders), strict=True):
            _store(target[start : start + rows], source)
        missing = None if codes is None else codes != Reason.FINE
        if null is not None:
            missing = null if missing is None else missing | null
        self._has_value.put(start, missing)
        if self._codes is not None:
            self._is_row.put(start, null)
            if codes is not None:
                self._codes[start : start + rows] = codes

    def finish(self) -> pa.StructArray:
        """The column; the buffers are handed over, not copied."""
        valid = self._has_value.buffer()
        children = [
            pa.Array.from_buffers(self._type, self._rows, [valid, pa.py_buffer(values)])
            for values in self._values
        ]
        names = ["quotient", "remainder"]
        if self._codes is not None:
            children.append(self._reasons(self._codes))
            names.append("error")
        kind = pa.struct([pa.field(name, child.type) for name, child in zip(names, children, strict=True)])
        return pa.StructArray.from_buffers(kind, self._rows, [self._is_row.buffer()], children=children)

    def _reasons(self, codes: npt.NDArray[np.int8]) -> pa.DictionaryArray:
        """One byte a row and each reason once; FINE is a null."""
        texts = pa.array([reason.text if reason else None for reason in Reason], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes), texts)


def _store(target: npt.NDArray[np.signedinteger], source: Signed) -> None:
    if target.ndim == 1:
        target[:] = source if source.ndim == 1 else source[0]  # the low words are all there is, signs aside
        return
    target[:, 0], target[:, 1] = source[0], source[1]
    target[:, 2] = target[:, 3] = source[1] >> np.int64(63)
