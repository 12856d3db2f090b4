"""Rows under the names of the file: physical ones, also within structs, lists and maps."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["renamed"]


def renamed(rows: pa.Table, target: pa.Schema) -> pa.Table:
    """Return ``rows`` as ``target``: the same types but for names, ids and nullability of fields."""
    columns = [
        pa.chunked_array([_array(chunk, part.type) for chunk in column.chunks], type=part.type)
        for column, part in zip(rows.columns, target, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=target)


def _array(array: pa.Array, target: pa.DataType) -> pa.Array:
    if array.type.equals(target, check_metadata=True):
        return array
    if pa.types.is_struct(target):
        children = [
            _array(array.field(index), target.field(index).type) for index in range(target.num_fields)
        ]
        return pa.StructArray.from_arrays(children, fields=list(target), mask=array.is_null())
    if pa.types.is_map(target):
        keys, items = _array(array.keys, target.key_type), _array(array.items, target.item_type)
        return pa.MapArray.from_arrays(array.offsets, keys, items, type=target, mask=_mask(array))
    if pa.types.is_list(target):
        values = _array(array.values, target.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=target, mask=_mask(array))
    return array


def _mask(array: pa.Array) -> pa.Array | None:
    return array.is_null() if array.null_count else None
