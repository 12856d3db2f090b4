"""Files read in Spark's tasks by the code that inspected them: a file by one task, a task many small files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakehouse.ingestion.file_reading import reading_cost
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.verdicts import Accepted
from lakehouse.ingestion.spark_names import spark_file_path
from lakehouse.ingestion.spreading import spread
from lakehouse.settings import StorageSettings
from lakehouse.storage import known_settings, open_uri, parse_uri

__all__ = ["joined_batches", "python_rows"]

_TASK_BYTES = 4 << 20
_BATCH_ROWS = 10_000
_BATCH_BYTES = 8 << 20


def python_rows(
    spark: SparkSession,
    files: Mapping[str, Accepted],
    *,
    file_format: FileFormat,
    ingested_at: dt.datetime,
) -> DataFrame:
    """Return the rows of files (path to inspection), in the columns of the format's schema.

    Any file opens, whatever its name: Hadoop is not asked.
    """
    schema = file_format.schema()
    if not files:
        return spark.createDataFrame([], schema)
    pieces = [
        _Piece(
            path=path,
            digest=found.digest,
            facts=dict(found.facts),
            size_bytes=found.size_bytes or _TASK_BYTES,
        )
        for path, found in files.items()
    ]
    tasks = spread([reading_cost(each.path, each.size_bytes) for each in pieces], task_bytes=_TASK_BYTES)
    listed = pa.table(
        {
            "task": pa.array(tasks, pa.int32()),
            "piece": pa.array([msgspec.json.encode(piece).decode() for piece in pieces], pa.string()),
        }
    )
    reader = _Reader(file_format=file_format, settings=known_settings(parse_uri(next(iter(files)))))
    read = [field for field in schema.fields if field.name != "_ingested_at"]
    # Columns go by their position until they have arrived: a name may hold any character.
    numbered = StructType([StructField(f"c{at}", field.dataType) for at, field in enumerate(read)])
    rows = (
        spark.createDataFrame(listed)
        .repartitionById(max(tasks) + 1, "task")
        .mapInArrow(reader.read_all, numbered)
        .toDF(*(field.name for field in read))
    )
    ingested = F.lit(ingested_at).cast("timestamp").alias("_ingested_at")
    return rows.select("*", ingested).select(*(_column(name) for name in schema.names))


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    digest: str
    facts: dict[str, Any]
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Travels to the tasks."""

    file_format: FileFormat
    settings: StorageSettings | None
    """How to reach the files' store; a task has none of the driver's registrations."""

    def read_all(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return joined_batches(
            rows
            for batch in batches
            for text in batch["piece"].to_pylist()
            for rows in self._read(msgspec.json.decode(text, type=_Piece))
        )

    def _read(self, piece: _Piece) -> Iterator[pa.RecordBatch]:
        found = Accepted(digest=piece.digest, facts=piece.facts, size_bytes=piece.size_bytes)
        uri = spark_file_path(piece.path)
        with open_uri(piece.path, settings=self.settings) as stream:
            for batch in self.file_format.batches(stream, name=piece.path, found=found):
                *own, rescued = batch.columns
                source = pa.repeat(pa.scalar(uri, pa.string()), len(batch))
                arrays = [*own, source, rescued]
                yield pa.RecordBatch.from_arrays(arrays, names=[f"c{at}" for at in range(len(arrays))])


def joined_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Join small batches, as small files give them, into few that are worth being sent."""
    some: list[pa.RecordBatch] = []
    rows = size_bytes = 0
    for batch in batches:
        some.append(batch)
        rows, size_bytes = rows + len(batch), size_bytes + batch.nbytes
        if rows >= _BATCH_ROWS or size_bytes >= _BATCH_BYTES:
            yield from pa.Table.from_batches(some).combine_chunks().to_batches()
            some, rows, size_bytes = [], 0, 0
    if some:
        yield from pa.Table.from_batches(some).combine_chunks().to_batches()


def _column(name: str) -> Any:
    return F.col(f"`{name.replace('`', '``')}`")
