"""Parquet files behind a storage service: opened without reading more than is asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.storage import AbstractStorageReader, LocalStorageService

__all__ = ["StoredFile", "open_parquet"]

_SMALL_BYTES = 8 * 2**20
"""Up to this size one read of the whole object is cheaper than several of its parts."""


def open_parquet(
    storage: AbstractStorageReader,
    key: str,
    *,
    read_dictionary: Sequence[str] = (),
    metadata: pq.FileMetaData | None = None,
) -> pq.ParquetFile:
    """Open a Parquet file; its columns are read when asked for. Raises NotFoundError, pa.ArrowException.

    ``read_dictionary``: leaf columns of text that stay encoded; ``metadata``: of the file, if it was read before.
    """
    size_bytes = storage.stat(key).size_bytes
    # Fetching ahead pays where each read waits for a network; on a disk it only takes memory.
    is_remote = not isinstance(storage, LocalStorageService)
    if isinstance(storage, LocalStorageService):
        source = pa.OSFile(str(storage.path(key)))
    elif size_bytes <= _SMALL_BYTES:
        source = pa.BufferReader(storage.read(key))
    else:
        source = pa.PythonFile(StoredFile(storage, key, size_bytes), mode="r")
    return pq.ParquetFile(
        source,
        metadata=metadata,
        pre_buffer=is_remote,
        coerce_int96_timestamp_unit="us",
        read_dictionary=list(read_dictionary),
    )


class StoredFile(io.RawIOBase):
    """An object as a file that can be read at any place: each read asks the store for that range alone."""

    def __init__(self, storage: AbstractStorageReader, key: str, size_bytes: int) -> None:
        self._storage = storage
        self._key = key
        self._size_bytes = size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size_bytes - self._position)
        length = left if size < 0 else min(size, left)
        body = self._storage.read_range(self._key, self._position, length) if length else b""
        self._position += len(body)
        return body
