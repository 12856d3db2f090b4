"""Write the segments of an index where the data is read: on the executors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.storage import storage_for
from lakehouse.tables.key_index.key_hashes import hashes_of
from lakehouse.tables.key_index.manifest import Segment, segment_key
from lakehouse.tables.key_index.segment import Hashes, checksum_of, encode

__all__ = ["written_segments"]

_RESULT = "file long, key string, row_count long, checksum long"
_ROWS_A_SEGMENT = 8_000_000
"""Of all files together that a task has in memory: 64 MB."""


def written_segments(
    rows: DataFrame,
    columns: Sequence[tuple[str, str]],
    data_keys: Sequence[str],
    *,
    table_path: str,
    folder: str,
) -> Mapping[str, Sequence[Segment]]:
    """Write the keys of ``rows``, read from these data files, and return the segments by data file.

    A task that fails leaves segments that nobody names. Raises what Spark raises.
    """
    spark = rows.sparkSession
    names = spark.createDataFrame(
        [(key, key.rpartition("/")[2]) for key in data_keys], "key string, name string"
    )
    by_hash = {row[0]: row[1] for row in names.select(F.xxhash64("name"), "key").collect()}
    if len(by_hash) != len(data_keys):
        return {}
    hashed = rows.select(F.xxhash64("_metadata.file_name").alias("file"), hashes_of(columns).alias("hash"))
    write = _writer(table_path, folder, by_hash)
    found: dict[str, list[Segment]] = defaultdict(list)
    for row in hashed.mapInArrow(write, _RESULT).collect():
        segment = Segment(key=row["key"], row_count=row["row_count"], checksum=row["checksum"])
        found[by_hash[row["file"]]].append(segment)
    return found


def _writer(
    table_path: str, folder: str, keys: Mapping[int, str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        storage = storage_for(table_path)
        waiting: dict[int, list[Hashes]] = defaultdict(list)
        rows = 0

        def flushed() -> Iterator[pa.RecordBatch]:
            for file, parts in waiting.items():
                hashes = np.concatenate(parts)
                key, body = segment_key(folder, keys[file]), encode(hashes)
                storage.put_if_absent(key, body)
                row = {"file": file, "key": key, "row_count": len(hashes), "checksum": checksum_of(body)}
                yield pa.RecordBatch.from_pylist([row])
            waiting.clear()

        for batch in batches:
            files, hashes = (batch.column(number).to_numpy(zero_copy_only=False) for number in (0, 1))
            for file in np.unique(files):
                waiting[int(file)].append(hashes[files == file])
            rows += len(hashes)
            if rows >= _ROWS_A_SEGMENT:
                yield from flushed()
                rows = 0
        yield from flushed()

    return write
