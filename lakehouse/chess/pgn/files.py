"""Open a PGN file as it lies: plain, or packed by gzip, bzip2 or zstd. Its first bytes say which, not its name."""

from __future__ import annotations

import bz2
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from lakehouse.chess.errors import UnreadableFileError

__all__ = ["open_pgn"]


def open_pgn(path: str | Path) -> BinaryIO:
    """Return the unpacked bytes of a file as a stream, read in pieces.

    Raises UnreadableFileError, also while it is read: for a packed file that is cut off or damaged.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(4)
        for mark, opener in _OPENERS.items():
            if mark.match(start):
                return cast("BinaryIO", io.BufferedReader(_Unpacked(str(path), opener(str(path)))))
        return Path(path).open("rb")
    except OSError as error:
        raise UnreadableFileError(path=str(path), reason=error.strerror or str(error)) from error


def _gzip(path: str) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(path, "rb"))


def _bzip2(path: str) -> BinaryIO:
    return cast("BinaryIO", bz2.BZ2File(path, "rb"))


def _zstd(path: str) -> BinaryIO:
    return cast("BinaryIO", pa.CompressedInputStream(pa.OSFile(path, "rb"), "zstd"))


_OPENERS: dict[re.Pattern[bytes], Callable[[str], BinaryIO]] = {
    re.compile(rb"\x1f\x8b"): _gzip,
    re.compile(rb"BZh"): _bzip2,
    re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"): _zstd,
}
"""By how a file begins; one of zstd may begin with a frame that is to be skipped."""


class _Unpacked(io.RawIOBase):
    """Reads a packed stream, and names the file where it can't."""

    def __init__(self, path: str, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        try:
            block = self._stream.read(len(view))
        except (OSError, EOFError, ValueError) as error:
            reason = f"it is packed, and damaged or cut off: {error}"
            raise UnreadableFileError(path=self._path, reason=reason) from error
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
