"""What rows look like when they are written: the columns, in their order, and where each comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.ingestion.formats import FileFormat
from lakehouse.ingestion.path_columns import path_values
from lakehouse.ingestion.spark_names import spark_file_path

__all__ = ["RowShape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """How a file's batches become rows of the table. It travels to processes, and is compared as a value."""

    file_format: FileFormat
    names: tuple[str, ...]
    """All columns of the table, in order; a format may give more."""
    path_columns: tuple[str, ...]
    ingested_at: dt.datetime

    def schema(self) -> pa.Schema:
        """Return the columns with their types."""
        known: Mapping[str, pa.DataType] = {
            **self.file_format.arrow_columns(),
            **dict.fromkeys(self.path_columns, pa.string()),
            "_source_file": pa.string(),
            "_ingested_at": pa.timestamp("us", "UTC"),
            "_rescued_data": pa.string(),
        }
        return pa.schema([(name, known[name]) for name in self.names])

    def rows(self, batch: pa.RecordBatch, *, path: str) -> pa.RecordBatch:
        """Return the rows of one batch of a file."""
        schema, count = self.schema(), batch.num_rows
        about = {
            **path_values(path, self.path_columns),
            "_source_file": spark_file_path(path),
            "_ingested_at": self.ingested_at,
        }
        arrays = [
            pa.repeat(pa.scalar(about[field.name], field.type), count)
            if field.name in about
            else batch.column(batch.schema.get_field_index(field.name))
            for field in schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
