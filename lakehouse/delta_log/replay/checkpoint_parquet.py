"""One Parquet file of a checkpoint, or a sidecar: column by column, within bounds on memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.delta_log.arrow_columns import no_rows
from lakehouse.delta_log.bomb_guard import BombGuard
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.parquet_source import open_parquet
from lakehouse.storage import AbstractStorageReader

__all__ = ["CheckpointParquet"]

_BATCH_ROWS = 16_384


class CheckpointParquet:
    """ReadSet the actions of a Parquet file; the rows of an action are those where its column isn't null.

    Every method raises MalformedLogError for a file that is not a checkpoint, or that would decode to
    far more than any real one of its size.
    """

    def __init__(self, storage: AbstractStorageReader, key: str) -> None:
        self._source = storage.uri(key)
        try:
            self._file: pq.ParquetFile = open_parquet(storage, key)
            self._bomb_guard = BombGuard(storage, key, self._file)
            self._schema: pa.Schema = self._file.schema_arrow
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._malformed(str(error)) from error

    def actions(self, names: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        """Return the rows of the small actions, as (name, fields without nulls)."""
        present = [name for name in names if name in self._schema.names]
        found: list[tuple[str, dict[str, Any]]] = []
        for batch in self._batches(present, use_threads=False):
            for name in present:
                column = batch.column(name)
                rows = column.filter(pc.is_valid(column)).to_pylist(maps_as_pydicts="lossy")
                found.extend((name, _without_nulls(fields)) for fields in rows)
        return found

    def rows(self, action: str, row_type: pa.StructType) -> pa.Table:
        """Return the rows of ``add`` or ``remove`` as a table with the fields of ``row_type``.

        Fields that the file lacks are null; fields that are not in ``row_type`` are not read.
        """
        schema = pa.schema(list(row_type))
        index = self._schema.get_field_index(action)
        if index < 0:
            return no_rows(schema)
        stored = self._schema.field(index).type
        if not pa.types.is_struct(stored) or stored.get_field_index("path") < 0:
            raise self._malformed(f"its column {action!r} is {stored}, not a struct with a path")
        names = [field.name for field in row_type if stored.get_field_index(field.name) >= 0]
        columns = [f"{action}.{name}" for name in dict.fromkeys(["path", *names])]
        batches = self._batches(columns, use_threads=True)
        nulls = _SharedNulls()
        try:
            parts = [_selected(batch.column(action), row_type, nulls) for batch in batches]
        except (pa.ArrowException, KeyError) as error:
            raise self._malformed(str(error)) from error
        return pa.Table.from_batches(parts, schema=schema)

    def has_field(self, action: str, field: str) -> bool:
        """Return whether the file has this field of this action."""
        index = self._schema.get_field_index(action)
        stored = None if index < 0 else self._schema.field(index).type
        return stored is not None and pa.types.is_struct(stored) and stored.get_field_index(field) >= 0

    def field_type(self, action: str, field: str) -> pa.DataType:
        """Return the Arrow type of a field that is there."""
        return self._schema.field(action).type.field(field).type

    def _batches(self, columns: Sequence[str], *, use_threads: bool) -> Iterator[pa.RecordBatch]:
        if not columns:
            return
        try:
            self._bomb_guard.check(columns)
            for batch in self._file.iter_batches(
                batch_size=_BATCH_ROWS, columns=list(columns), use_threads=use_threads
            ):
                # Damaged bytes may decode to text that is not valid, and to lists that end before they begin.
                batch.validate(full=True)
                yield batch
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise self._malformed(str(error)) from error

    def _malformed(self, reason: str) -> MalformedLogError:
        return MalformedLogError(source=self._source, reason=reason.rstrip("."))


class _SharedNulls:
    """Nulls of any type; columns of the same type share their memory, however many batches have no value in it."""

    def __init__(self) -> None:
        self._by_type: dict[pa.DataType, pa.Array] = {}

    def of(self, kind: pa.DataType, length: int) -> pa.Array:
        """Return a column of up to a batch's length."""
        if kind not in self._by_type:
            self._by_type[kind] = pa.nulls(_BATCH_ROWS, kind)
        return self._by_type[kind].slice(0, length)


def _selected(column: pa.StructArray, row_type: pa.StructType, nulls: _SharedNulls) -> pa.RecordBatch:
    # Filtering copies even where every row is kept: what the decoder gives holds spare room several times over.
    present = column.filter(pc.is_valid(column))
    return pa.RecordBatch.from_arrays(
        [_field(present, field.name, field.type, nulls) for field in row_type],
        schema=pa.schema(list(row_type)),
    )


def _field(rows: pa.StructArray, name: str, wanted: pa.DataType, nulls: _SharedNulls) -> pa.Array:
    if rows.type.get_field_index(name) < 0:
        return nulls.of(wanted, len(rows))
    values = pc.struct_field(rows, name)
    if values.null_count == len(values):
        return nulls.of(wanted, len(rows))
    return _cast(values, wanted, nulls)


def _cast(values: pa.Array, wanted: pa.DataType, nulls: _SharedNulls) -> pa.Array:
    if values.type.equals(wanted):
        return values
    if pa.types.is_struct(wanted) and pa.types.is_struct(values.type):
        parts = [_field(values, field.name, field.type, nulls) for field in wanted]
        return pa.StructArray.from_arrays(parts, fields=list(wanted), mask=pc.is_null(values))
    return values.cast(wanted)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return value
