"""Bytes that come in chunks, as a stream: nothing has to be in memory whole."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO, cast

__all__ = ["buffered_stream"]


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


def buffered_stream(chunks: Iterable[bytes]) -> BinaryIO:
    """Return a stream of the chunks, one after the other."""
    return cast("BinaryIO", io.BufferedReader(_ChunkStream(chunks)))
