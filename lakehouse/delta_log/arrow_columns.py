"""Arrow arrays from Python values, without ``pyarrow.array`` and ``pyarrow.scalar``.

Those import pandas wherever it is installed, which takes longer than a short call of the command line may.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

__all__ = ["column", "constant", "no_rows", "rows_without_columns"]

_NUMBER_CODES = {pa.int64(): "q", pa.int32(): "i", pa.float64(): "d"}
_MAX_STRING_BYTES = 2**31 - 1


def column(values: Sequence[Any], data_type: pa.DataType) -> pa.Array:
    """Return an array of strings, integers, doubles, booleans, or lists, maps and structs of such; None is null.

    Maps are given as mappings or sequences of pairs, structs as mappings. Raises pa.ArrowInvalid for text
    beyond 2 GiB or that is not Unicode, and OverflowError for integers beyond the type.
    """
    if data_type in _NUMBER_CODES:
        filled = array(_NUMBER_CODES[data_type], [0 if value is None else value for value in values])
        return _from_buffers(data_type, values, pa.py_buffer(filled))
    if pa.types.is_boolean(data_type):
        return _from_buffers(data_type, values, pa.py_buffer(_bits(values)))
    if pa.types.is_string(data_type):
        return _strings(values)
    if pa.types.is_map(data_type):
        return _maps(values, data_type)
    if pa.types.is_list(data_type):
        return _lists(values, data_type)
    if pa.types.is_struct(data_type):
        return _structs(values, data_type)
    raise TypeError(f"{data_type} is not made here")


def constant(value: Any, length: int, data_type: pa.DataType) -> pa.Array:
    """Return an array of one value, again and again."""
    return pa.repeat(column([value], data_type)[0], length)


def no_rows(schema: pa.Schema) -> pa.Table:
    """Return a table with these columns and no rows."""
    return pa.Table.from_batches([], schema=schema)


def rows_without_columns(count: int) -> pa.Table:
    """Return a table that has rows and no columns."""
    return pa.table({"": pa.nulls(count)}).select([])


def _from_buffers(data_type: pa.DataType, values: Sequence[Any], *buffers: pa.Buffer) -> pa.Array:
    return pa.Array.from_buffers(data_type, len(values), [_validity(values), *buffers])


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    if None not in values:
        return None
    return pa.py_buffer(_bits([value is not None for value in values]))


def _bits(flags: Sequence[Any]) -> bytes:
    # Least significant bit first: a binary number whose last digit is the first flag.
    digits = "".join("1" if flag else "0" for flag in reversed(flags))
    return int(digits or "0", 2).to_bytes((len(flags) + 7) // 8 or 1, "little")


def _offsets(lengths: Sequence[int]) -> pa.Buffer:
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] > _MAX_STRING_BYTES:
        raise pa.ArrowInvalid("a column of a table of files would be longer than 2 GiB")
    return pa.py_buffer(array("i", ends))


def _strings(values: Sequence[str | None]) -> pa.Array:
    try:
        bodies = [b"" if value is None else value.encode() for value in values]
    except UnicodeEncodeError as error:
        raise pa.ArrowInvalid(str(error)) from error
    offsets = _offsets([len(body) for body in bodies])
    return _from_buffers(pa.string(), values, offsets, pa.py_buffer(b"".join(bodies)))


def _maps(values: Sequence[Any], data_type: pa.MapType) -> pa.Array:
    pairs = [_pairs(value) for value in values]
    entries = [pair for row in pairs for pair in row]
    keys = column([key for key, _ in entries], data_type.key_type)
    items = column([item for _, item in entries], data_type.item_type)
    children = pa.StructArray.from_arrays([keys, items], fields=[data_type.key_field, data_type.item_field])
    buffers = [_validity(values), _offsets([len(row) for row in pairs])]
    return pa.Array.from_buffers(data_type, len(values), buffers, children=[children])


def _lists(values: Sequence[Sequence[Any] | None], data_type: pa.ListType) -> pa.Array:
    elements = column([element for value in values for element in value or ()], data_type.value_type)
    buffers = [_validity(values), _offsets([len(value or ()) for value in values])]
    return pa.Array.from_buffers(data_type, len(values), buffers, children=[elements])


def _pairs(value: Any) -> Sequence[tuple[Any, Any]]:
    if value is None:
        return ()
    return list(value.items()) if isinstance(value, Mapping) else value


def _structs(values: Sequence[Mapping[str, Any] | None], data_type: pa.StructType) -> pa.Array:
    empty: Mapping[str, Any] = {}
    children = [
        column([(empty if value is None else value).get(field.name) for value in values], field.type)
        for field in data_type
    ]
    return pa.Array.from_buffers(data_type, len(values), [_validity(values)], children=children)
