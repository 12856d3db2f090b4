"""A column as a file holds it, in the type that the table has now.

A file may be older than the schema: it lacks columns and fields, has narrower types (Delta PROTOCOL, "Type
Widening"), other names (column mapping), or another unit of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.schema import (
    ArrayType,
    ColumnMappingMode,
    DataType,
    MapType,
    StructField,
    StructType,
    arrow_type,
)

__all__ = ["FieldFinder", "StoredFields", "adapted", "field_finder"]

FieldFinder: TypeAlias = Callable[[StructField, "StoredFields"], int]
"""Return the index of the stored field that holds a field of the schema; -1 where the file lacks it."""

_FIELD_ID = b"PARQUET:field_id"


def field_finder(mode: ColumnMappingMode) -> FieldFinder:
    """Return how a field is found in a file under a mode of column mapping."""
    return {
        ColumnMappingMode.NONE: _by_name,
        ColumnMappingMode.NAME: _by_physical_name,
        ColumnMappingMode.ID: _by_id,
    }[mode]


class StoredFields:
    """The fields of a file or of a struct in it, found by name or id in one step: there may be thousands."""

    def __init__(self, fields: Iterable[pa.Field]) -> None:
        listed = list(fields)
        self.names = [field.name for field in listed]
        # The first of several counts.
        numbered = [(name, index) for index, name in enumerate(self.names)][::-1]
        self._exact = dict(numbered)
        self._lowered = {name.lower(): index for name, index in numbered}
        ids = [(_field_id(field), index) for index, field in enumerate(listed)][::-1]
        self._by_id = {number: index for number, index in ids if number is not None}

    def index_of(self, name: str) -> int:
        """Return the index of a name, by exact match first and then without regard to case; or -1."""
        found = self._exact.get(name)
        return self._lowered.get(name.lower(), -1) if found is None else found

    def index_of_id(self, number: int | None) -> int | None:
        """Return the index of a field id, or -1; None where the fields have no ids."""
        return self._by_id.get(number, -1) if number is not None and self._by_id else None


def _by_name(field: StructField, stored: StoredFields) -> int:
    return stored.index_of(field.name)


def _by_physical_name(field: StructField, stored: StoredFields) -> int:
    return stored.index_of(field.physical_name)


def _by_id(field: StructField, stored: StoredFields) -> int:
    found = stored.index_of_id(field.field_id)
    return _by_physical_name(field, stored) if found is None else found


def _field_id(field: pa.Field) -> int | None:
    text = (field.metadata or {}).get(_FIELD_ID)
    return int(text) if text is not None else None


def adapted(values: pa.Array, wanted: DataType, find: FieldFinder) -> pa.Array:
    """Return the values in the wanted type. Raises pa.ArrowException where they can't be."""
    match wanted:
        case StructType():
            return _struct(values, wanted, find)
        case ArrayType():
            return _list(values, wanted, find)
        case MapType():
            return _map(values, wanted, find)
        case _:
            return _primitive(values, arrow_type(wanted))


def _struct(values: pa.Array, wanted: StructType, find: FieldFinder) -> pa.Array:
    if not pa.types.is_struct(values.type):
        return values.cast(arrow_type(wanted))
    parts = []
    stored = StoredFields(values.type)
    for field in wanted:
        index = find(field, stored)
        if index < 0:
            parts.append(pa.nulls(len(values), arrow_type(field.data_type)))
        else:
            parts.append(adapted(values.field(index), field.data_type, find))
    return pa.StructArray.from_arrays(parts, fields=list(arrow_type(wanted)), mask=pc.is_null(values))


def _list(values: pa.Array, wanted: ArrayType, find: FieldFinder) -> pa.Array:
    if not (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
        return values.cast(arrow_type(wanted))
    values = _unsliced(values.cast(pa.list_(values.type.value_field)))
    elements = adapted(values.values, wanted.element_type, find)
    return pa.ListArray.from_arrays(
        values.offsets, elements, type=arrow_type(wanted), mask=pc.is_null(values)
    )


def _map(values: pa.Array, wanted: MapType, find: FieldFinder) -> pa.Array:
    if not pa.types.is_map(values.type):
        return values.cast(arrow_type(wanted))
    values = _unsliced(values)
    keys = adapted(values.keys, wanted.key_type, find)
    items = adapted(values.items, wanted.value_type, find)
    return pa.MapArray.from_arrays(
        values.offsets, keys, items, type=arrow_type(wanted), mask=pc.is_null(values)
    )


def _unsliced(values: pa.Array) -> pa.Array:
    # A mask can be given together with offsets only where they start at the array's own beginning.
    return pa.concat_arrays([values, values.slice(0, 0)]) if values.offset else values


def _primitive(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if values.type.equals(wanted):
        return values
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_struct(wanted) and pa.types.is_struct(values.type):
        return _variant(values, wanted)
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns" and pa.types.is_timestamp(wanted):
        return _floored(values, wanted)
    # Finer units of time than the table's are cut off, as Spark does.
    return values.cast(wanted, safe=not pa.types.is_timestamp(wanted))


def _floored(values: pa.Array, wanted: pa.TimestampType) -> pa.Array:
    # Towards the past, before 1970 too: as Spark does, and as INT96 is read.
    numbers = values.cast(pa.int64())
    per_micro = pa.scalar(1_000, pa.int64())
    cut = pc.divide(numbers, per_micro)
    is_above = pc.greater(pc.multiply(cut, per_micro), numbers)
    floored = pc.subtract(cut, is_above.cast(pa.int64()))
    return floored.cast(pa.timestamp("us", tz=wanted.tz)).cast(wanted)


def _variant(values: pa.Array, wanted: pa.StructType) -> pa.Array:
    parts = [values.field(field.name).cast(field.type) for field in wanted]
    return pa.StructArray.from_arrays(parts, fields=list(wanted), mask=pc.is_null(values))
