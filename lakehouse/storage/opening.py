"""An object's bytes as a stream, whatever store it is in: nothing has to be in memory whole."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from lakehouse.settings import StorageSettings
from lakehouse.storage.schemes import locate
from lakehouse.storage.uris import parse_uri

__all__ = ["buffered_stream", "open_uri"]


def open_uri(uri: str, *, settings: StorageSettings | None = None) -> BinaryIO:
    """Open the object or local file of a URI as it lies there; ``settings`` reach its store.

    Raises OSError, StorageError or InvalidUriError.
    """
    location = parse_uri(uri)
    if location.scheme == "file":
        return Path(location.path).open("rb")
    store, key = locate(uri, settings=settings)
    return buffered_stream(store.stream(key))


def buffered_stream(chunks: Iterable[bytes]) -> BinaryIO:
    """Return a stream of the chunks, one after the other."""
    return cast("BinaryIO", io.BufferedReader(_ChunkStream(chunks)))


class _ChunkStream(io.RawIOBase):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # RawIOBase allows any buffer
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken
