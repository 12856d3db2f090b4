"""Files of tables read and written by Spark's Python workers, where Spark itself doesn't know the format."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import IntegerType, LongType, NullType, StructType

from lakehouse.delta_log import (
    ROW_NUMBER,
    Predicate,
    ScanPart,
    SharedWrite,
    Snapshot,
    WrittenFile,
    scan_parts,
)

__all__ = [
    "FILE_NUMBER",
    "buffered",
    "change_rows",
    "rows_by_file",
    "rows_of_parts",
    "rows_of_version",
    "schema_of_rows",
    "write_files",
    "write_parts_again",
]

FILE_NUMBER = "__lakehouse_file"
"""A column with the number of a row's file."""

_BUFFERED_BYTES = 128 << 20
"""Of rows that a task holds before it writes them."""

_MAPPING = ("delta.columnMapping.", "parquet.field.")
"""Delta PROTOCOL, "Column Mapping"."""


def schema_of_rows(snapshot: Snapshot) -> StructType:
    """Return the columns that rows have: those of the type void have no values and no place in files.

    Names and numbers that columns have in files are left out.
    """
    held = StructType.fromJson(_without_mapping(json.loads(snapshot.metadata.schema_string)))
    return StructType([field for field in held if field.dataType != NullType()])


def _without_mapping(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_mapping(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {name: said for name, said in value.items() if not name.startswith(_MAPPING)}
        if key == "metadata"
        else _without_mapping(value)
        for key, value in part.items()
    }


def rows_of_version(spark: SparkSession, snapshot: Snapshot, where: Predicate | None = None) -> DataFrame:
    """Return the rows of the files that may hold such as meet ``where``; tasks read them, part by part."""
    return rows_of_parts(spark, list(scan_parts(snapshot, where)), schema_of_rows(snapshot))


def rows_of_parts(spark: SparkSession, parts: Sequence[ScanPart], schema: StructType) -> DataFrame:
    """Return these columns of the rows of some parts of a version; tasks read them, part by part."""
    names = schema.names
    return _read(
        spark, parts, schema, lambda part, first: (rows.select(names) for rows in part.tables(names))
    )


def rows_by_file(spark: SparkSession, parts: Sequence[ScanPart], schema: StructType) -> DataFrame:
    """Return these columns of the rows, and as ``FILE_NUMBER`` which file of all parts together a row is in.

    ``ROW_NUMBER`` says where it stands there.
    """
    names = schema.names

    def numbered(part: ScanPart, first: int) -> Iterator[pa.Table]:
        # The first table shows the schema, and is of no file.
        for number, rows in enumerate(part.numbered_tables(names), first - 1):
            file = pa.repeat(pa.scalar(max(number, 0), pa.int32()), rows.num_rows)
            yield rows.append_column(FILE_NUMBER, file)

    shown = StructType(list(schema)).add(ROW_NUMBER, LongType()).add(FILE_NUMBER, IntegerType())
    return _read(spark, parts, shown, numbered)


def _read(
    spark: SparkSession,
    parts: Sequence[ScanPart],
    schema: StructType,
    tables: Callable[[ScanPart, int], Iterable[pa.Table]],
) -> DataFrame:
    """Return what ``tables`` makes of each part and of how many files are before it."""
    if not parts:
        return spark.createDataFrame([], schema)
    firsts = list(accumulate((part.files.num_rows for part in parts), initial=0))

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for rows in tables(parts[number], firsts[number]):
                    yield from rows.to_batches()

    return spark.range(0, len(parts), 1, len(parts)).mapInArrow(read, schema)


def change_rows(spark: SparkSession, path: str, schema: StructType, *, after: int, through: int) -> DataFrame:
    """Return the rows that versions ``(after, through]`` changed, as ``Snapshot.changes``; one task reads them."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for _ in range(batch.num_rows):
                found = Snapshot.load(path, through).changes(after + 1, through)
                yield from found.select(schema.names).to_batches()

    return spark.range(0, 1, 1, 1).mapInArrow(read, schema)


def write_files(frame: DataFrame, plan: SharedWrite, *, as_changes: bool = False) -> Sequence[WrittenFile]:
    """Have tasks write the rows as ``plan`` says, and return the files, which no log knows yet.

    ``as_changes`` is for rows with ``_change_type``. A task that is run twice leaves files of its first attempt,
    which vacuum finds.
    """

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in buffered(batches):
            files = plan.write_changes(rows) if as_changes else plan.write(rows)
            yield pa.RecordBatch.from_pydict({"file": [pickle.dumps(file) for file in files]})

    # Made by our own tasks a moment ago.
    return [pickle.loads(row[0]) for row in frame.mapInArrow(write, "file binary").collect()]  # noqa: S301


def write_parts_again(
    spark: SparkSession, parts: Sequence[ScanPart], plan: SharedWrite
) -> Sequence[Sequence[WrittenFile]]:
    """Have a task for each part write its rows as ``plan`` says, and return the files of each."""

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                files = plan.write(pa.concat_tables(parts[number].tables()))
                yield pa.RecordBatch.from_pydict({"number": [number], "files": [pickle.dumps(files)]})

    numbers = spark.range(0, len(parts), 1, max(1, len(parts)))
    found = {row[0]: row[1] for row in numbers.mapInArrow(write, "number bigint, files binary").collect()}
    # Made by our own tasks a moment ago.
    return [pickle.loads(found[number]) for number in range(len(parts))]  # noqa: S301


def buffered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the rows in tables of a size that a task can hold."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size > _BUFFERED_BYTES:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held)
