"""The digest of a file: BLAKE2b of its bytes."""

from __future__ import annotations

import hashlib
import io
from typing import BinaryIO

__all__ = ["DigestingStream", "digest_of"]

_CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 16


def digest_of(source: BinaryIO) -> str:
    """Read a file to its end and return the digest, in hexadecimal."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


class DigestingStream(io.RawIOBase):
    """Passes bytes through and digests them, so that the file is read once."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self._digest.update(data)
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # RawIOBase allows any buffer
        data = self._source.read(len(buffer))
        self._digest.update(data)
        buffer[: len(data)] = data
        return len(data)

    def digest_of_all(self) -> str:
        """Read what is left and return the digest of the whole file, in hexadecimal."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._digest.hexdigest()
