"""A column in another type, if that type can hold each of its values: nothing is rounded, cut or guessed."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["UnfitValues", "lossless_cast"]

_Values: TypeAlias = pa.Array | pa.ChunkedArray
_INT64_DIGITS = 20
"""An integer of 64 bits has no more."""


class UnfitValues(Exception):  # noqa: N818 - never leaves data_files
    """The values don't fit; the text continues ``the column 'x' …``. Never leaves ``data_files``."""


def lossless_cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """Return the values in the wanted type. Raises UnfitValues, or pa.ArrowException."""
    chunks = [_cast(chunk, wanted) for chunk in column.chunks]
    return pa.chunked_array(chunks, type=wanted)


def _cast(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    found = values.type
    if found.equals(wanted) or pa.types.is_null(found):
        return values.cast(wanted)
    if pa.types.is_null(wanted):
        if values.null_count < len(values):
            raise UnfitValues(f"has values of the type {found}, and no type in the table: merge the schema")
        return values.cast(wanted)
    if pa.types.is_struct(wanted):
        return _struct(values, wanted)
    if pa.types.is_map(wanted):
        return _map(values, wanted)
    if pa.types.is_list(wanted):
        return _list(values, wanted)
    if pa.types.is_nested(found):
        raise UnfitValues(f"is {found} in the rows, and {wanted} in the table")
    return _leaf(values, wanted)


# ---- values without parts ----


def _leaf(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    _check_kinds(values.type, wanted)
    converted = _converted(values, wanted)
    if not _is_same(values, _converted(converted, values.type)):
        raise UnfitValues(f"has values of the type {values.type} that {wanted} can't hold: cast them first")
    return converted


def _converted(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_integer(values.type) and pa.types.is_decimal(wanted):
        # Arrow asks for room for the type's largest number, where that of the values is enough.
        values = values.cast(pa.decimal128(_INT64_DIGITS, 0))
    if pa.types.is_fixed_size_binary(values.type) and pa.types.is_string(wanted):
        values = values.cast(pa.binary())
    return values.cast(wanted)


def _is_same(values: pa.Array, back: pa.Array) -> bool:
    same = pc.equal(values, back)
    if pa.types.is_floating(values.type):
        if pa.types.is_float16(values.type):
            values, back = values.cast(pa.float32()), back.cast(pa.float32())
            same = pc.equal(values, back)
        same = pc.or_(same, pc.and_(pc.is_nan(values), pc.is_nan(back)))
    return pc.all(same, min_count=0).as_py() is not False


def _check_kinds(found: pa.DataType, wanted: pa.DataType) -> None:
    types = pa.types
    times = [types.is_timestamp(each) or types.is_date(each) for each in (found, wanted)]
    numbers = [
        types.is_integer(each) or types.is_floating(each) or types.is_decimal(each)
        for each in (found, wanted)
    ]
    if (times[0] and numbers[1]) or (numbers[0] and times[1]):
        raise UnfitValues(f"is {found} in the rows and {wanted} in the table, and its unit isn't known")
    if types.is_timestamp(found) and types.is_timestamp(wanted) and bool(found.tz) != bool(wanted.tz):
        # Arrow would take a clock's time for UTC, and UTC for a clock's time.
        with_zone, without = ("rows", "table") if found.tz else ("table", "rows")
        raise UnfitValues(f"has a time zone in the {with_zone} and none in the {without}")


# ---- values with parts ----


def _struct(values: pa.Array, wanted: pa.StructType) -> pa.Array:
    if not pa.types.is_struct(values.type):
        raise UnfitValues(f"is {values.type} in the rows, and {wanted} in the table")
    found = {field.name.lower(): index for index, field in enumerate(values.type)}
    known = {field.name.lower() for field in wanted}
    unknown = [field.name for field in values.type if field.name.lower() not in known]
    if unknown:
        raise UnfitValues(f"has the field {unknown[0]!r} in the rows, and not in the table")
    parts = []
    for field in wanted:
        index = found.get(field.name.lower())
        # Not flattened: a null of the struct hides what its fields hold.
        part = pa.nulls(len(values), field.type) if index is None else _cast(values.field(index), field.type)
        parts.append(part)
    mask = pc.is_null(values) if values.null_count else None
    return pa.StructArray.from_arrays(parts, fields=list(wanted), mask=mask)


def _list(values: pa.Array, wanted: pa.ListType) -> pa.Array:
    if pa.types.is_fixed_size_list(values.type) or pa.types.is_large_list(values.type):
        values = values.cast(pa.list_(values.type.value_field))
    if not pa.types.is_list(values.type):
        raise UnfitValues(f"is {values.type} in the rows, and {wanted} in the table")
    values = _from_its_beginning(values)
    elements = _cast(values.values, wanted.value_type)
    mask = pc.is_null(values) if values.null_count else None
    return pa.ListArray.from_arrays(values.offsets, elements, type=wanted, mask=mask)


def _map(values: pa.Array, wanted: pa.MapType) -> pa.Array:
    if not pa.types.is_map(values.type):
        raise UnfitValues(f"is {values.type} in the rows, and {wanted} in the table")
    values = _from_its_beginning(values)
    keys, items = _cast(values.keys, wanted.key_type), _cast(values.items, wanted.item_type)
    mask = pc.is_null(values) if values.null_count else None
    return pa.MapArray.from_arrays(values.offsets, keys, items, type=wanted, mask=mask)


def _from_its_beginning(values: pa.Array) -> pa.Array:
    # A mask can be given together with offsets only where they start at the array's own beginning.
    return pa.concat_arrays([values, values.slice(0, 0)]) if values.offset else values
