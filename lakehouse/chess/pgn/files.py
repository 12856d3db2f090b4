"""Open a PGN file as it lies: plain, or packed by gzip, bzip2 or zstd. Its first bytes say which, not its name."""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from lakehouse.chess.errors import UnreadableFileError
from lakehouse.settings import StorageSettings
from lakehouse.storage import open_uri

__all__ = ["open_pgn", "unpack_pgn"]


def open_pgn(file: str | Path, *, settings: StorageSettings | None = None) -> BinaryIO:
    """Return the unpacked bytes of a file as a stream, read in pieces.

    ``file`` is a local path or the URI of an object (``s3://``, ``abfss://``), and ``settings`` reach its store.
    Raises StorageError, and UnreadableFileError, also while it is read: for a packed file that is cut off or damaged.
    """
    try:
        stream = file.open("rb") if isinstance(file, Path) else open_uri(file, settings=settings)
        return unpack_pgn(stream, name=str(file))
    except OSError as error:
        raise UnreadableFileError(path=str(file), reason=error.strerror or str(error)) from error


def unpack_pgn(stream: BinaryIO, *, name: str) -> BinaryIO:
    """Return the unpacked bytes of a stream that is at its begin; closing it closes the stream. ``name`` for errors."""
    buffered = (
        stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    )
    start = buffered.peek(_MARK_BYTES)[:_MARK_BYTES]
    for mark, opener in _OPENERS.items():
        if mark.match(start):
            return cast("BinaryIO", io.BufferedReader(_Unpacked(name, buffered, opener(buffered))))
    return buffered


def _gzip(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb"))


def _bzip2(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", bz2.BZ2File(stream, "rb"))


def _zstd(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd"))


_MARK_BYTES = 4
_OPENERS: dict[re.Pattern[bytes], Callable[[BinaryIO], BinaryIO]] = {
    re.compile(rb"\x1f\x8b"): _gzip,
    re.compile(rb"BZh"): _bzip2,
    re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"): _zstd,
}
"""By how a file begins; one of zstd may begin with a frame that is to be skipped."""


class _Unpacked(io.RawIOBase):
    """Reads a packed stream, and names the file where it can't."""

    def __init__(self, name: str, packed: BinaryIO, stream: BinaryIO) -> None:
        self._name = name
        self._packed = packed
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        try:
            block = self._stream.read(len(view))
        except (OSError, EOFError, ValueError, zlib.error) as error:
            reason = f"it is packed, and damaged or cut off: {error}"
            raise UnreadableFileError(path=self._name, reason=reason) from error
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._packed.close()
        super().close()
