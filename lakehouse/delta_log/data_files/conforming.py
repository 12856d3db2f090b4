"""Rows of the table's own columns and types, or a clear refusal: nothing is rounded, cut or guessed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.data_files.layout import TableLayout
from lakehouse.delta_log.data_files.lossless_cast import UnfitValues, lossless_cast
from lakehouse.delta_log.errors import NullInRequiredColumnError, RowsSchemaMismatchError

__all__ = ["conformed"]


def conformed(rows: pa.Table, layout: TableLayout, *, table: str) -> pa.Table:
    """Return ``rows`` in the table's order and types; a nullable column that is missing becomes null.

    Raises RowsSchemaMismatchError where a column is unknown, missing, or can't be cast without loss, and
    NullInRequiredColumnError.
    """
    if not rows.schema.equals(layout.arrow):
        rows = _cast(rows, layout.arrow, table)
    for part in layout.arrow:
        for name, nulls in _forbidden_nulls(rows.column(part.name), part, part.name):
            raise NullInRequiredColumnError(table=table, column=name, nulls=nulls)
    return rows if rows.schema.equals(layout.arrow) else rows.cast(layout.arrow)


def _cast(rows: pa.Table, target: pa.Schema, table: str) -> pa.Table:
    found = {name.lower(): name for name in rows.column_names}
    known = {part.name.lower() for part in target}
    problems = [f"the column {name!r} is unknown" for name in rows.column_names if name.lower() not in known]
    if len(found) < len(rows.column_names):
        problems.append(f"two of the columns {rows.column_names!r} have the same name")
    columns: list[pa.ChunkedArray] = []
    for part in target:
        try:
            columns.append(_column(rows, found.get(part.name.lower()), part))
        except (pa.ArrowException, UnfitValues, OverflowError) as error:
            problems.append(f"the column {part.name!r} {error}")
    if problems:
        raise RowsSchemaMismatchError(table=table, problems=problems)
    # Fields that must not be null may still have nulls here: that is found next, with its own error.
    return pa.Table.from_arrays(columns, names=target.names)


def _column(rows: pa.Table, name: str | None, part: pa.Field) -> pa.ChunkedArray:
    if name is None:
        if not part.nullable:
            raise UnfitValues("is missing, and must not be null")
        return pa.chunked_array([pa.nulls(rows.num_rows, part.type)])
    column = rows.column(name)
    if column.type.equals(part.type):
        return column
    return lossless_cast(column, _nullable(part.type))


def _nullable(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(data_type):
        return pa.struct([pa.field(part.name, _nullable(part.type)) for part in data_type])
    if pa.types.is_map(data_type):
        return pa.map_(_nullable(data_type.key_type), _nullable(data_type.item_type))
    if pa.types.is_list(data_type):
        return pa.list_(_nullable(data_type.value_type))
    return data_type


def _forbidden_nulls(
    column: pa.ChunkedArray | pa.Array, part: pa.Field, name: str
) -> Iterator[tuple[str, int]]:
    if not part.nullable and column.null_count:
        yield name, column.null_count
    if pa.types.is_struct(part.type):
        present = pc.drop_null(column)
        for index, child in enumerate(part.type):
            yield from _forbidden_nulls(pc.struct_field(present, [index]), child, f"{name}.{child.name}")
    elif pa.types.is_list(part.type):
        yield from _forbidden_nulls(pc.list_flatten(column), part.type.value_field, f"{name}.element")
    elif pa.types.is_map(part.type):
        for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            entries = chunk.cast(pa.list_(pa.struct([part.type.key_field, part.type.item_field])))
            items = pc.struct_field(pc.list_flatten(entries), [1])
            yield from _forbidden_nulls(items, part.type.item_field, f"{name}.value")
