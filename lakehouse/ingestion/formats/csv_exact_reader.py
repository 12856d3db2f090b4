"""CSV files read in Spark's tasks by the very code that inspected them, each file by one task, in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.ingestion.formats.compression import decompressed
from lakehouse.ingestion.formats.csv_dialect import CsvDialect, CsvRow
from lakehouse.ingestion.formats.rescue import rescued
from lakehouse.ingestion.spark_names import spark_file_path
from lakehouse.settings import StorageSettings
from lakehouse.storage import known_settings, open_uri, parse_uri

__all__ = ["exact_rows"]

_BATCH_CHARACTERS = 4 << 20
_BATCH_ROWS = 10_000
_MOST_TASKS = 200


def exact_rows(
    spark: SparkSession, headers: Mapping[str, Sequence[str]], *, columns: Sequence[str], dialect: CsvDialect
) -> DataFrame:
    """Return the rows of files (path to header): ``columns`` as strings, ``_source_file``, ``_rescued_data``.

    A field that is empty is NULL. Any file opens, whatever its name: Hadoop is not asked.
    """
    files = [(path, json.dumps(list(header))) for path, header in headers.items()]
    frame = spark.createDataFrame(files, "path string, header string")
    # Columns go by their position until they have arrived: a name may hold any character.
    names = [*(f"c{position}" for position in range(len(columns))), "_source_file", "_rescued_data"]
    reader = _ExactReader(
        columns=tuple(columns),
        names=tuple(names),
        dialect=dialect,
        settings=known_settings(parse_uri(files[0][0])),
    )
    rows = frame.repartition(min(len(files), _MOST_TASKS)).mapInArrow(
        reader.read_all, StructType([StructField(name, StringType()) for name in names])
    )
    return rows.toDF(*columns, "_source_file", "_rescued_data")


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExactReader:
    columns: tuple[str, ...]
    names: tuple[str, ...]
    dialect: CsvDialect
    settings: StorageSettings | None
    """How to reach the files' store; a task has none of the driver's registrations."""

    def read_all(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for file in batch.to_pylist():
                yield from self._read(file["path"], json.loads(file["header"]))

    def _read(self, path: str, header: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with open_uri(path, settings=self.settings) as stream:
            rows = self.dialect.rows(self.dialect.utf8(decompressed(stream, path)))
            next(rows, None)
            for some in _batches(rows):
                yield self._batch(some, header, spark_file_path(path))

    def _batch(self, rows: Sequence[CsvRow], header: Sequence[str], uri: str) -> pa.RecordBatch:
        width = len(header)
        by_name = dict(
            zip(header, zip(*(_padded(row.fields, width) for row in rows), strict=True), strict=True)
        )
        nothing = [None] * len(rows)
        extra = [name for name in header if name not in self.columns]
        rescue = [
            rescued(
                {name: by_name[name][at] for name in extra}, row.text if len(row.fields) != width else None
            )
            for at, row in enumerate(rows)
        ]
        values = [*(by_name.get(name, nothing) for name in self.columns), [uri] * len(rows), rescue]
        return pa.RecordBatch.from_arrays(
            [pa.array(each, pa.string()) for each in values], names=list(self.names)
        )


def _batches(rows: Iterator[CsvRow]) -> Iterator[Sequence[CsvRow]]:
    some: list[CsvRow] = []
    characters = 0
    for row in rows:
        some.append(row)
        characters += len(row.text)
        if len(some) == _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield some
            some, characters = [], 0
    if some:
        yield some


def _padded(fields: list[str], width: int) -> list[str | None]:
    values = [field or None for field in fields[:width]]
    return values + [None] * (width - len(values))
