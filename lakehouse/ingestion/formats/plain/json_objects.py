"""JSON objects, one behind the other, by Arrow's parser: strict about keys and types, and told where it is not.

Arrow refuses a key that is not declared, a key twice, and a value of another kind. It takes more than RFC 8259 has
where numbers are concerned, and rounds: so numbers are looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from lakehouse.ingestion.formats.plain.texts import as_single, typed_texts
from lakehouse.ingestion.formats.plain.unsure import Unsure, arrow_is_sure
from lakehouse.ingestion.formats.records import Columns, column_types

__all__ = ["PlainJson", "plain_json"]

_WHOLE_DOUBLES = float(1 << 53)
"""Below it a double holds every whole number."""
_DIGITS = 15
"""Two numbers with no more digits are never the same double."""
_TINY = re.compile(rb"[0-9][eE]-[0-9]{3}")
_MANY_ZEROS = b"0" * 100
_IS_OF_NUMBER = np.isin(np.arange(256), list(b"0123456789."))


class PlainJson:
    """Reads objects into columns of certain types. Made by ``plain_json``."""

    def __init__(self, columns: Mapping[str, pa.DataType]) -> None:
        self._columns = columns
        self._parsed = pa.schema([(name, _parsed_type(held)) for name, held in columns.items()])

    def lines(self, block: bytes) -> pa.RecordBatch | None:
        """Return the columns of whole lines with one object each; None where only the exact rules tell."""
        body = block.rstrip(b"\r\n")
        between = b"}\r\n{" if b"\r\n" in body else b"}\n{"
        # Where a line ends with } and the next one begins with {, no object goes on from one to the other.
        ends = body.count(b"\n")
        if not (body.startswith(b"{") and body.endswith(b"}")) or body.count(between) != ends:
            return None
        return self.objects(body, ends + 1)

    def objects(self, text: bytes, count: int) -> pa.RecordBatch | None:
        """Return the columns of so many objects; None where only the exact rules tell."""
        try:
            with arrow_is_sure():
                return self._read(text, count)
        except Unsure:
            return None

    def _read(self, text: bytes, count: int) -> pa.RecordBatch:
        table = pj.read_json(
            pa.BufferReader(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=pj.ParseOptions(explicit_schema=self._parsed, unexpected_field_behavior="error"),
        )
        if table.num_rows != count:
            raise Unsure
        columns = (table.column(name).combine_chunks() for name in self._columns)
        arrays = [
            _Values(text).of(column, held)
            for column, held in zip(columns, self._columns.values(), strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(self._columns))


@lru_cache(64)
def plain_json(columns: Columns) -> PlainJson | None:
    """Return the reader of objects with these columns; None where a type leaves everything to the exact rules."""
    try:
        return PlainJson(column_types(columns)) if columns else None
    except Unsure:
        return None


def _parsed_type(held: pa.DataType) -> pa.DataType:
    """Return the type by which Arrow parses: what it would take in more ways than one goes through another."""
    if pa.types.is_struct(held):
        return pa.struct([(each.name, _parsed_type(each.type)) for each in held])
    if pa.types.is_list(held):
        return pa.list_(_parsed_type(held.value_type))
    if pa.types.is_date(held) or pa.types.is_timestamp(held):
        return pa.string()
    if pa.types.is_floating(held) or pa.types.is_decimal(held):
        return pa.float64()
    if pa.types.is_string(held) or pa.types.is_boolean(held) or pa.types.is_integer(held):
        return held
    raise Unsure


class _Values:
    """Values as Arrow parsed them, looked at again and put into the types that are wanted."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def of(self, found: pa.Array, held: pa.DataType) -> pa.Array:
        """Return the values in a type. Raises Unsure."""
        if pa.types.is_struct(held):
            parts = [self.of(found.field(at), each.type) for at, each in enumerate(held)]
            return pa.StructArray.from_arrays(parts, fields=list(held), mask=_nulls(found))
        if pa.types.is_list(held):
            values = self.of(found.values, held.value_type)
            return pa.ListArray.from_arrays(found.offsets, values, type=held, mask=_nulls(found))
        if pa.types.is_date(held) or pa.types.is_timestamp(held):
            return typed_texts(found, held, from_text=False)
        if pa.types.is_decimal(held):
            return self._decimals(found, held)
        if pa.types.is_floating(held):
            self._check_doubles(found)
            return found if held.bit_width == 64 else as_single(found)
        return found

    def _check_doubles(self, found: pa.Array) -> None:
        """Raise Unsure at what is no number in JSON, may be rounded from a whole number, or lost its digits."""
        numbers = _numbers(found)
        if not np.all(np.abs(numbers) < _WHOLE_DOUBLES):
            raise Unsure
        zeros = numbers[numbers == 0]
        if zeros.size and (np.signbit(zeros).any() or _may_vanish(self._text)):
            raise Unsure

    def _decimals(self, found: pa.Array, held: pa.DataType) -> pa.Array:
        """Return the decimals that doubles were written as: of few digits, there is only one for each."""
        self._check_doubles(found)
        if _has_long_number(self._text):
            raise Unsure
        numbers, scale = np.nan_to_num(found.to_numpy(zero_copy_only=False)), 10.0**held.scale
        units = np.rint(numbers * scale)
        most = 10.0 ** min(_DIGITS, held.precision)
        if held.scale > _DIGITS or not np.all(np.abs(units) < most) or not np.all(units / scale == numbers):
            raise Unsure
        low = units.astype(np.int64)
        words = np.stack([low, low >> 63], axis=1)
        validity = None if found.null_count == 0 else pc.is_valid(found).buffers()[1]
        return pa.Array.from_buffers(held, len(found), [validity, pa.py_buffer(words)])


def _may_vanish(text: bytes) -> bool:
    """Say whether a number may be so small that it is 0 as a double."""
    has_exponent = b"e-" in text or b"E-" in text
    return _MANY_ZEROS in text or (has_exponent and _TINY.search(text) is not None)


def _has_long_number(text: bytes) -> bool:
    """Say whether more than 15 digits and points stand in a row."""
    run = _IS_OF_NUMBER[np.frombuffer(text, np.uint8)]
    for length in (1, 2, 4, 8):  # where runs of so many begin, and so those of twice as many
        run = run[:-length] & run[length:]
    return bool(run.any())


def _numbers(found: pa.Array) -> npt.NDArray[np.float64]:
    numbers: npt.NDArray[np.float64] = found.drop_null().to_numpy(zero_copy_only=False)
    return numbers


def _nulls(found: pa.Array) -> pa.Array | None:
    return pc.is_null(found) if found.null_count else None
