"""CSV files read in Spark's tasks by the very code that inspected them: a file by one task, a task many small files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.ingestion.file_reading import bytes_from, reading_cost
from lakehouse.ingestion.formats.compression import members
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_rows import CsvRows
from lakehouse.ingestion.formats.python_rows import joined_batches
from lakehouse.ingestion.formats.verdicts import Accepted
from lakehouse.ingestion.spark_names import spark_file_path
from lakehouse.ingestion.spreading import spread
from lakehouse.settings import StorageSettings
from lakehouse.storage import known_settings, open_uri, parse_uri

__all__ = ["ROW_STARTS", "exact_rows"]

ROW_STARTS = "row_starts"
"""The fact of a large file: bytes at which rows begin, so that tasks read it side by side."""

_TASK_BYTES = 4 << 20
_UNKNOWN_BYTES = _TASK_BYTES


def exact_rows(
    spark: SparkSession, files: Mapping[str, Accepted], *, columns: Sequence[str], dialect: CsvDialect
) -> DataFrame:
    """Return the rows of files (path to inspection): ``columns`` as strings, ``_source_file``, ``_rescued_data``.

    A field that is empty is NULL. Any file opens, whatever its name: Hadoop is not asked.
    """
    pieces = [piece for path, found in files.items() for piece in _pieces(path, found)]
    tasks = spread([piece.cost for piece in pieces], task_bytes=_TASK_BYTES)
    listed = pa.table(
        {
            "task": pa.array(tasks, pa.int32()),
            "piece": pa.array([msgspec.json.encode(piece).decode() for piece in pieces], pa.string()),
        }
    )
    # Columns go by their position until they have arrived: a name may hold any character.
    names = [*(f"c{position}" for position in range(len(columns))), "_source_file", "_rescued_data"]
    reader = _ExactReader(
        columns=tuple(columns),
        names=tuple(names),
        dialect=dialect,
        settings=known_settings(parse_uri(next(iter(files)))),
    )
    rows = (
        spark.createDataFrame(listed)
        .repartitionById(max(tasks) + 1, "task")
        .mapInArrow(reader.read_all, StructType([StructField(name, StringType()) for name in names]))
    )
    return rows.toDF(*columns, "_source_file", "_rescued_data")


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A file, or rows of it that one task reads."""

    path: str
    header: tuple[str, ...]
    size_bytes: int
    start: int = 0
    stop: int | None = None
    """The byte behind the last row; None: the end of the file."""

    @property
    def cost(self) -> int:
        return reading_cost(self.path, self.size_bytes)


def _pieces(path: str, found: Accepted) -> Iterator[_Piece]:
    header, starts = tuple(found.facts["header"]), found.facts.get(ROW_STARTS)
    if starts is None or found.size_bytes is None:
        yield _Piece(path=path, header=header, size_bytes=found.size_bytes or _UNKNOWN_BYTES)
        return
    for start, stop in pairwise([*starts, found.size_bytes]):
        yield _Piece(path=path, header=header, size_bytes=stop - start, start=start, stop=stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExactReader:
    columns: tuple[str, ...]
    names: tuple[str, ...]
    dialect: CsvDialect
    settings: StorageSettings | None
    """How to reach the files' store; a task has none of the driver's registrations."""

    def read_all(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return joined_batches(
            rows
            for batch in batches
            for piece in batch["piece"].to_pylist()
            for rows in self._read(msgspec.json.decode(piece, type=_Piece))
        )

    def _read(self, piece: _Piece) -> Iterator[pa.RecordBatch]:
        if piece.stop is None:
            with open_uri(piece.path, settings=self.settings) as stream:
                for member in members(stream, piece.path):
                    yield from self._rows(member, piece)
        else:
            content = bytes_from(piece.path, piece.start, settings=self.settings)
            yield from self._rows(_first_bytes(content, piece.stop - piece.start), piece)

    def _rows(self, content: Iterable[bytes], piece: _Piece) -> Iterator[pa.RecordBatch]:
        uri = spark_file_path(piece.path)
        rows = CsvRows(columns=self.columns, dialect=self.dialect, header=piece.header)
        for batch in rows.batches(content, begins_file=piece.start == 0):
            *own, rescued = batch.columns
            source = pa.repeat(pa.scalar(uri, pa.string()), len(batch))
            yield pa.RecordBatch.from_arrays([*own, source, rescued], names=list(self.names))


def _first_bytes(chunks: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:size_bytes]
        size_bytes -= len(chunk)
        if size_bytes <= 0:
            return
