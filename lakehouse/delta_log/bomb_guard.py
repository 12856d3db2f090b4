"""Refuse Parquet files that are small on disk and endless in memory, before they are unpacked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.delta_log.parquet_source import open_parquet
from lakehouse.storage import AbstractStorageReader

__all__ = ["BombGuard"]

_ALLOWED_BYTES = 512 * 2**20
_ALLOWED_EXPANSION = 200
"""Bytes in memory for each byte of the file; a checkpoint of a million files stays below 50."""

_BYTES_PER_ROW = 8
"""What a row takes in each column even where it is null."""


class BombGuard:
    """Bounds what reading columns of one file can take.

    Compressed pages say how big they become. A dictionary doesn't: one long text in it may stand for every
    row. So of each row group one row is read with its dictionaries, and the longest text is measured.
    """

    def __init__(self, storage: AbstractStorageReader, key: str, file: pq.ParquetFile) -> None:
        self._storage = storage
        self._key = key
        self._metadata: pq.FileMetaData = file.metadata
        self._paths = [file.schema.column(index).path for index in range(len(file.schema))]
        self._texts = [
            self._paths[index]
            for index in range(len(file.schema))
            if file.schema.column(index).physical_type == "BYTE_ARRAY"
        ]
        self._allowed = max(_ALLOWED_BYTES, _ALLOWED_EXPANSION * storage.stat(key).size_bytes)

    def check(self, columns: Sequence[str]) -> None:
        """Raise ValueError if these columns (names, or paths into structs) might take too much memory.

        Raises pa.ArrowException for a footer that contradicts itself.
        """
        prefixes = tuple(f"{column}." for column in columns)
        indices = [i for i, path in enumerate(self._paths) if f"{path}.".startswith(prefixes)]
        total = 0
        with open_parquet(
            self._storage, self._key, read_dictionary=self._texts, metadata=self._metadata
        ) as encoded:
            for group in range(self._metadata.num_row_groups):
                # Reading first: for a broken footer that is an error, where asking the footer is a crash.
                longest = self._longest_texts(encoded, group, columns)
                row_group = self._metadata.row_group(group)
                chunks = [row_group.column(index) for index in indices]
                total += row_group.num_rows * longest
                total += sum(c.total_uncompressed_size + _BYTES_PER_ROW * c.num_values for c in chunks)
                self._refuse_above(total)

    def _longest_texts(self, encoded: pq.ParquetFile, group: int, columns: Sequence[str]) -> int:
        """Return the sum over the columns of the longest text in each one's dictionary."""
        batches = encoded.iter_batches(
            batch_size=1, row_groups=[group], columns=list(columns), use_threads=False
        )
        first = next(batches, None)
        if first is None:
            return 0
        return sum(longest for column in first.columns for longest in _longest_texts(column))

    def _refuse_above(self, size_bytes: int) -> None:
        if size_bytes > self._allowed:
            raise ValueError(
                f"reading it might take {size_bytes / 2**30:.1f} GiB of memory, more than any file of its size"
            )


def _longest_texts(column: pa.Array) -> Iterator[int]:
    if pa.types.is_dictionary(column.type):
        yield pc.max(pc.binary_length(column.dictionary)).as_py() or 0
    elif pa.types.is_map(column.type):
        yield from _longest_texts(column.keys)
        yield from _longest_texts(column.items)
    elif pa.types.is_list(column.type):
        yield from _longest_texts(column.values)
    elif pa.types.is_struct(column.type):
        for index in range(column.type.num_fields):
            yield from _longest_texts(column.field(index))
