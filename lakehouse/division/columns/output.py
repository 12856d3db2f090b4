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


class StructOutput:
    """Buffers of the whole length; ``put`` fills a block that starts at a multiple of eight rows."""

    def __init__(self, rows: int, *, width: int, on_error: OnError) -> None:
        self._rows = rows
        self._type = result_type(width)
        self._on_error = on_error
        shape: tuple[int, ...] = (rows, _DECIMAL256_WORDS) if width == 128 else (rows,)
        stored = np.dtype(np.int64) if width == 128 else np.dtype(f"i{width >> 3}")
        self._values = (np.empty(shape, stored), np.empty(shape, stored))
        self._has_value = np.empty((rows + 7) >> 3, np.uint8)
        self._is_row = np.empty((rows + 7) >> 3, np.uint8) if on_error == "quarantine" else self._has_value
        self._codes = np.zeros(rows, np.int8) if on_error == "quarantine" else None
        self._missing_values = 0
        self._missing_rows = 0

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
        self._missing_values += _put_bits(self._has_value, start, rows, missing)
        if self._codes is not None:
            self._missing_rows += _put_bits(self._is_row, start, rows, null)
            if codes is not None:
                self._codes[start : start + rows] = codes

    def finish(self) -> pa.StructArray:
        """The column; the buffers are handed over, not copied."""
        children = [
            pa.Array.from_buffers(
                self._type, self._rows, [_bitmap(self._has_value, self._missing_values), pa.py_buffer(values)]
            )
            for values in self._values
        ]
        names = ["quotient", "remainder"]
        missing = self._missing_values
        if self._codes is not None:
            children.append(self._reasons(self._codes))
            names.append("error")
            missing = self._missing_rows
        kind = pa.struct([pa.field(name, child.type) for name, child in zip(names, children, strict=True)])
        return pa.StructArray.from_buffers(
            kind, self._rows, [_bitmap(self._is_row, missing)], children=children
        )

    def _reasons(self, codes: npt.NDArray[np.int8]) -> pa.DictionaryArray:
        """One byte a row and each reason once; FINE is a null."""
        texts = pa.array([reason.text if reason else None for reason in Reason], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes), texts)


def _store(target: npt.NDArray[np.signedinteger], source: Signed) -> None:
    if target.ndim == 1:
        target[:] = source
        return
    target[:, 0], target[:, 1] = source[0], source[1]
    target[:, 2] = target[:, 3] = source[1] >> np.int64(63)


def _put_bits(bitmap: Codes, start: int, rows: int, missing: Mask | None) -> int:
    """Write a bit for each row that is not missing, and say how many are."""
    first, last = start >> 3, (start + rows + 7) >> 3
    if missing is None:
        bitmap[first:last] = 0xFF
        return 0
    bitmap[first:last] = np.packbits(~missing, bitorder="little")
    return int(np.count_nonzero(missing))


def _bitmap(bits: Codes, missing: int) -> pa.Buffer | None:
    return pa.py_buffer(bits) if missing else None
