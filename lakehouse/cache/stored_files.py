"""Read objects of a storage service through the node's cache, keyed by their ETag."""

from __future__ import annotations

from typing import IO

from lakehouse.cache.errors import SourceChangedError
from lakehouse.cache.lease import Lease
from lakehouse.cache.node_file_cache import NodeFileCache
from lakehouse.cache.prefetch import FileToFetch
from lakehouse.storage import AbstractStorageReader, ObjectStat

__all__ = ["file_to_fetch", "open_object"]

PART_BYTES = 16 << 20


def open_object(files: NodeFileCache, store: AbstractStorageReader, key: str) -> Lease:
    """Return the object as it is now: one ``stat``, and a download only if this node has no copy of that.

    Raises NotFoundError, and SourceChangedError if it changes under the download.
    """
    file = file_to_fetch(store, key, store.stat(key))
    return files.open(file.uri, file.version, file.fetch, size_bytes=file.size_bytes)


def file_to_fetch(store: AbstractStorageReader, key: str, seen: ObjectStat) -> FileToFetch:
    """Return what a cache needs to fetch the object in the state in which it was seen."""

    def fetch(target: IO[bytes]) -> None:
        for start in range(0, seen.size_bytes, PART_BYTES):
            target.write(store.read_range(key, start, min(PART_BYTES, seen.size_bytes - start)))
        found = store.stat(key)
        if found.etag != seen.etag:
            raise SourceChangedError(uri=store.uri(key), expected_version=seen.etag, found_version=found.etag)

    return FileToFetch(uri=store.uri(key), version=seen.etag, fetch=fetch, size_bytes=seen.size_bytes)
