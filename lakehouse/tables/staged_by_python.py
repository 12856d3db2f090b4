"""Staged rows in a store for which Spark has no jars: its Python workers write and read them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.storage import storage_for
from lakehouse.tables.delta_in_session import has_delta
from lakehouse.tables.python_files import buffered

__all__ = ["is_for_python", "read_by_python", "write_by_python"]


def is_for_python(spark: SparkSession, folder: str) -> bool:
    """Say whether a folder is in a store, and the session has no jars of its own."""
    return "://" in folder and not has_delta(spark)


def write_by_python(frame: DataFrame, folder: str) -> int:
    """Have tasks write the rows as Parquet files below a folder, and return how many rows they are."""

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        storage = storage_for(folder)
        for rows in buffered(batches):
            sink = pa.BufferOutputStream()
            pq.write_table(rows, sink)
            storage.write(f"part-{uuid.uuid4()}.parquet", sink.getvalue().to_pybytes())
            yield pa.RecordBatch.from_pydict({"rows": [rows.num_rows]})

    return sum(row[0] for row in frame.mapInArrow(write, "rows bigint").collect())


def read_by_python(spark: SparkSession, folder: str, schema: StructType) -> DataFrame:
    """Return the rows of the Parquet files below a folder; a task reads each file."""
    keys = [stat.key for stat in storage_for(folder).list("") if stat.key.endswith(".parquet")]
    if not keys:
        return spark.createDataFrame([], schema)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        storage = storage_for(folder)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                rows = pq.read_table(pa.BufferReader(storage.read(keys[number])))
                yield from rows.select(schema.names).to_batches()

    return spark.range(0, len(keys), 1, len(keys)).mapInArrow(read, schema)
