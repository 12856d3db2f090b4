"""Files of tables read and written by Spark's Python workers, where Spark itself doesn't know the format."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import NullType, StructType

from lakehouse.delta_log import Predicate, ScanPart, SharedWrite, Snapshot, WrittenFile, scan_parts

__all__ = ["buffered", "change_rows", "rows_of_version", "schema_of_rows", "write_files"]

_BUFFERED_BYTES = 128 << 20
"""Of rows that a task holds before it writes them."""

_MAPPING = ("delta.columnMapping.", "parquet.field.")
"""Delta PROTOCOL, "Column Mapping"."""

_Task: TypeAlias = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


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
    schema = schema_of_rows(snapshot)
    parts = list(scan_parts(snapshot, where))
    if not parts:
        return spark.createDataFrame([], schema)
    numbers = spark.range(0, len(parts), 1, len(parts))
    return numbers.mapInArrow(_reading(parts, schema.names), schema)


def _reading(parts: Sequence[ScanPart], names: Sequence[str]) -> _Task:
    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for rows in parts[number].tables():
                    yield from rows.select(names).to_batches()

    return read


def change_rows(spark: SparkSession, path: str, schema: StructType, *, after: int, through: int) -> DataFrame:
    """Return the rows that versions ``(after, through]`` changed, as ``Snapshot.changes``; one task reads them."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for _ in range(batch.num_rows):
                found = Snapshot.load(path, through).changes(after + 1, through)
                yield from found.select(schema.names).to_batches()

    return spark.range(0, 1, 1, 1).mapInArrow(read, schema)


def write_files(frame: DataFrame, plan: SharedWrite) -> Sequence[WrittenFile]:
    """Have tasks write the rows as ``plan`` says, and return the files, which no log knows yet.

    A task that is run twice leaves files of its first attempt, which vacuum finds.
    """

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in buffered(batches):
            yield pa.RecordBatch.from_pydict({"file": [pickle.dumps(file) for file in plan.write(rows)]})

    # Made by our own tasks a moment ago.
    return [pickle.loads(row[0]) for row in frame.mapInArrow(write, "file binary").collect()]  # noqa: S301


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
