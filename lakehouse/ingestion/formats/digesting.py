"""The digest of a file, taken while it is read for another reason."""

from __future__ import annotations

import hashlib
import io
from typing import BinaryIO

__all__ = ["DigestingStream"]

_CHUNK_BYTES = 1 << 20


class DigestingStream(io.RawIOBase):
    """Passes bytes through and digests them (BLAKE2b, 16 bytes), so that the file is read once."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = hashlib.blake2b(digest_size=16)

    def readable(self) -> bool:
        return True

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
