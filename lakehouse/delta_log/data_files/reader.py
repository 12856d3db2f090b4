"""Read one data file as rows of the table: names, types, deleted rows and partition values applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta_log.actions import DeletionVectorDescriptor
from lakehouse.delta_log.arrow_columns import rows_without_columns
from lakehouse.delta_log.data_files.casting import FieldFinder, StoredFields, adapted, field_finder
from lakehouse.delta_log.data_files.partition_values import parse_partition_values
from lakehouse.delta_log.deletion_vectors import read_deletion_vector
from lakehouse.delta_log.errors import DataFileError
from lakehouse.delta_log.parquet_source import open_parquet
from lakehouse.delta_log.schema import ColumnMappingMode, StructField, arrow_type
from lakehouse.delta_log.stored_objects import locate
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader

__all__ = ["ROW_NUMBER", "DataFile", "DataFileReader"]

ROW_NUMBER = "__lakehouse_row"
"""A column with the place of a row in its file, from 0, deleted rows counted."""

_FEW_ROWS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A logical file: which object, under which partition values, without which rows."""

    path: str
    """As the action spells it."""
    partition_values: Mapping[str, str | None]
    deletion_vector: DeletionVectorDescriptor | None = None
    base_row_id: int | None = None
    default_row_commit_version: int | None = None


class DataFileReader:
    """ReadSet files of one version of a table. Raises DataFileError, naming table, version and file."""

    def __init__(
        self,
        storage: AbstractStorageReader,
        *,
        version: int,
        mode: ColumnMappingMode,
        partition_columns: Sequence[str],
    ) -> None:
        self._storage = storage
        self._version = version
        self._find: FieldFinder = field_finder(mode)
        self._names_are_own = mode is ColumnMappingMode.NONE
        self._partition_columns = frozenset(partition_columns)

    def read(self, file: DataFile, fields: Sequence[StructField]) -> pa.Table:
        """Return the live rows of a file with these columns."""
        deleted = None
        if file.deletion_vector is not None:
            deleted = read_deletion_vector(self._storage, file.deletion_vector)
        rows = self.read_physical(file, fields)
        return rows if deleted is None else without_rows(rows, deleted)

    def read_numbered(self, file: DataFile, fields: Sequence[StructField]) -> pa.Table:
        """Return the live rows of a file with these columns and ``ROW_NUMBER``."""
        rows = self.read_physical(file, fields)
        rows = rows.append_column(ROW_NUMBER, pa.array(np.arange(rows.num_rows, dtype=np.int64)))
        if file.deletion_vector is None:
            return rows
        return without_rows(rows, read_deletion_vector(self._storage, file.deletion_vector))

    def read_physical(self, file: DataFile, fields: Sequence[StructField]) -> pa.Table:
        """Return all rows of a file, deleted ones included, in the order of the file."""
        try:
            return self._read(file, fields)
        except (pa.ArrowException, StorageError, OSError, KeyError, ValueError) as error:
            raise DataFileError(
                table=self._storage.uri(), path=file.path, version=self._version, reason=str(error)
            ) from error

    def _read(self, file: DataFile, fields: Sequence[StructField]) -> pa.Table:
        wanted = _schema_of(fields)
        storage, key = locate(self._storage, file.path)
        with open_parquet(storage, key) as parquet:
            stored = StoredFields(parquet.schema_arrow)
            in_file = {field.name: self._stored_index(field, stored) for field in fields}
            names = [stored.names[index] for index in in_file.values() if index >= 0]
            content = _read_columns(parquet, list(dict.fromkeys(names)))
            count = parquet.metadata.num_rows
        if self._names_are_own and content.schema.equals(wanted):
            return content
        arrays = [self._column(field, file, content, stored, in_file[field.name], count) for field in fields]
        if not fields:
            return rows_without_columns(count)
        return pa.Table.from_arrays(arrays, schema=wanted)

    def _stored_index(self, field: StructField, stored: StoredFields) -> int:
        return -1 if field.name in self._partition_columns else self._find(field, stored)

    def _column(
        self,
        field: StructField,
        file: DataFile,
        content: pa.Table,
        stored: StoredFields,
        index: int,
        count: int,
    ) -> pa.Array | pa.ChunkedArray:
        if field.name in self._partition_columns:
            text = file.partition_values.get(field.physical_name)
            value = parse_partition_values([text], field.data_type, source=self._storage.uri())
            return pa.repeat(value[0], count)
        if index < 0:
            return pa.nulls(count, arrow_type(field.data_type))
        chunks = content.column(stored.names[index]).chunks
        parts = [adapted(chunk, field.data_type, self._find) for chunk in chunks]
        return pa.chunked_array(parts, type=arrow_type(field.data_type))


def _schema_of(fields: Sequence[StructField]) -> pa.Schema:
    return pa.schema([pa.field(f.name, arrow_type(f.data_type), nullable=f.nullable) for f in fields])


def _read_columns(parquet: pq.ParquetFile, names: list[str]) -> pa.Table:
    # Handing the columns of few rows to other threads takes longer than reading them.
    is_large = parquet.metadata.num_rows > _FEW_ROWS
    # A name with a dot also reads as a path into a struct, so more than was asked for may come.
    return parquet.read(columns=names, use_threads=is_large)


def without_rows(rows: pa.Table, deleted: Sequence[int]) -> pa.Table:
    """Return the rows but those of these numbers."""
    keep = np.ones(rows.num_rows, dtype=bool)
    numbers = np.asarray(deleted, dtype=np.uint64)
    keep[numbers[numbers < rows.num_rows]] = False
    bits = pa.py_buffer(np.packbits(keep, bitorder="little"))
    return rows.filter(pa.Array.from_buffers(pa.bool_(), rows.num_rows, [None, bits]))
