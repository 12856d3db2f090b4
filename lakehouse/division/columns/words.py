"""Arrow columns of whole numbers as machine words, a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.division.columns.reasons import Reason
from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.operand import Operand, fits

__all__ = ["Block", "read_block"]

Signed = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_SIGN_BIT = np.int64(63)
_DECIMAL_WORDS = {16: 2, 32: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some rows of one column."""

    low: Signed
    """The low 64 bits of each number."""
    high: Signed | None
    """The next 64 bits; None: the low word's sign goes on."""
    valid: Mask | None
    """Which rows are not null; None: all."""
    codes: Codes | None
    """Reasons why a row's words are not its value; None: they all are."""

    def high_words(self) -> Signed:
        """The high words; made from the signs where the column has low words only."""
        return self.low >> _SIGN_BIT if self.high is None else self.high

    def beyond(self, width: int, *, signed: bool) -> Mask | None:
        """Which rows don't fit ``width`` bits (64 at most without a sign); None: by its type, each row fits."""
        if not signed:
            return self._beyond_unsigned(width)
        if self.high is not None and width <= 64:
            wide: Mask = self.high != self.low >> _SIGN_BIT
            return wide if width == 64 else wide | self._low_beyond(-(1 << (width - 1)), 1 << (width - 1))
        return self._low_beyond(-(1 << (width - 1)), 1 << (width - 1)) if width < 64 else None

    def _beyond_unsigned(self, width: int) -> Mask:
        wide: Mask = self.high_words() != 0
        return wide if width == 64 else wide | self._low_beyond(0, 1 << width)

    def _low_beyond(self, least: int, limit: int) -> Mask:
        beyond: Mask = (self.low < least) | (self.low >= limit)
        return beyond


def read_block(column: pa.Array | pa.ChunkedArray, start: int, rows: int) -> Block:
    """The words of ``rows`` rows from ``start``; integers of 64 bits are not copied."""
    part = column.slice(start, rows)
    if isinstance(part, pa.ChunkedArray):
        part = part.chunk(0) if part.num_chunks == 1 else part.combine_chunks()
    valid = None if part.null_count == 0 else part.is_valid().to_numpy(zero_copy_only=False)
    return _reader(part.type)(part, valid)


def _reader(kind: pa.DataType) -> Callable[[pa.Array, Mask | None], Block]:
    if pa.types.is_integer(kind):
        return _read_integers
    if pa.types.is_null(kind):
        return _read_nulls
    return _read_decimals if pa.types.is_decimal(kind) else _read_texts


def _read_integers(part: pa.Array, valid: Mask | None) -> Block:
    stored = np.dtype(part.type.to_pandas_dtype())
    values = np.frombuffer(part.buffers()[1], stored)[part.offset : part.offset + len(part)]
    if stored == np.uint64:
        low = values.view(np.int64)
        return Block(low=low, high=np.zeros(len(part), np.int64), valid=valid, codes=None)
    return Block(low=values.astype(np.int64, copy=False), high=None, valid=valid, codes=None)


def _read_nulls(part: pa.Array, valid: Mask | None) -> Block:
    zeros = np.zeros(len(part), np.int64)
    return Block(low=zeros, high=None, valid=np.zeros(len(part), np.bool_), codes=None)


def _read_decimals(part: pa.Array, valid: Mask | None) -> Block:
    if part.type.byte_width not in _DECIMAL_WORDS:
        part = part.cast(pa.decimal128(38, 0))
    count = _DECIMAL_WORDS[part.type.byte_width]
    words = np.frombuffer(part.buffers()[1], np.int64).reshape(-1, count)[
        part.offset : part.offset + len(part)
    ]
    low, high = np.ascontiguousarray(words[:, 0]), np.ascontiguousarray(words[:, 1])
    codes = None
    if count == 4:
        signs = high >> _SIGN_BIT
        wide = (words[:, 2] != signs) | (words[:, 3] != signs)
        codes = np.where(wide, np.uint8(Reason.OVERFLOW), np.uint8(Reason.FINE))
    return Block(low=low, high=high, valid=valid, codes=codes)


def _read_texts(part: pa.Array, valid: Mask | None) -> Block:
    rows = len(part)
    low, high, codes = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.uint8)
    for row, text in enumerate(part.to_pylist()):
        if text is None:
            continue
        try:
            value = int(Operand.of(text))
        except InvalidOperandError:
            codes[row] = Reason.NOT_WHOLE
            continue
        if fits(value, 128):
            low[row], high[row] = _low_word(value), value >> 64
        else:
            codes[row] = Reason.OVERFLOW
    return Block(low=low, high=high, valid=valid, codes=codes)


def _low_word(value: int) -> int:
    word = value & 0xFFFF_FFFF_FFFF_FFFF
    return word - (1 << 64) if word >> 63 else word
