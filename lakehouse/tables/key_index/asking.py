"""Ask the segments of files for keys: here where they lie on this machine's disk and are few, else on the executors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum

import msgspec
import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader, storage_for
from lakehouse.tables.key_index.manifest import IndexedFile
from lakehouse.tables.key_index.segment import Hashes, decode, has_any

__all__ = ["Answer", "asked"]

_HERE_ROWS = 64_000_000
"""Hashes of so many rows, half a gigabyte, are looked through faster than a job starts."""
_MOST_TASKS = 200


class Answer(Enum):
    """What the index says of a data file."""

    THERE = "there"
    NOT_THERE = "not there"
    DAMAGED = "damaged"


def asked(
    spark: SparkSession, table_path: str, files: Sequence[IndexedFile], wanted: Hashes
) -> Mapping[str, Answer]:
    """Return by key of a data file whether one of the hashes is among those of its rows."""
    if not files:
        return {}
    if "://" not in table_path and sum(file.row_count for file in files) <= _HERE_ROWS:
        storage = storage_for(table_path)
        return {file.key: _answer(storage, file, wanted) for file in files}
    texts = [(msgspec.json.encode(file).decode(),) for file in files]
    rows = spark.createDataFrame(texts, "file string").repartition(min(len(texts), _MOST_TASKS))
    found = rows.mapInArrow(_asker(table_path, wanted.tobytes()), "key string, answer string").collect()
    return {row["key"]: Answer(row["answer"]) for row in found}


def _asker(table_path: str, wanted: bytes) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def ask(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        storage, hashes = storage_for(table_path), np.frombuffer(wanted, dtype=np.int64)
        for batch in batches:
            for text in batch.column(0).to_pylist():
                file = msgspec.json.decode(text, type=IndexedFile)
                answer = _answer(storage, file, hashes)
                yield pa.RecordBatch.from_pydict({"key": [file.key], "answer": [answer.value]})

    return ask


def _answer(storage: AbstractStorageReader, file: IndexedFile, wanted: Hashes) -> Answer:
    for segment in file.segments:
        try:
            hashes = decode(storage.read(segment.key), checksum=segment.checksum)
        except (StorageError, OSError):
            return Answer.DAMAGED
        if hashes is None or len(hashes) != segment.row_count:
            return Answer.DAMAGED
        if has_any(hashes, wanted):
            return Answer.THERE
    return Answer.NOT_THERE
