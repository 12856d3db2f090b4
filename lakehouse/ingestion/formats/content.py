"""The bytes of one file as a format wants them: in chunks, whole, or to seek in; unpacked as its name says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.compression import compression_of, guessed_kind, members

__all__ = ["FileContent", "explained"]

_IN_MEMORY_BYTES = 64 << 20
_HEAD_BYTES = 16
_CHUNK_BYTES = 1 << 20


class FileContent:
    """One file, read once. ``name`` says how it is packed."""

    def __init__(self, stream: BinaryIO, *, name: str) -> None:
        self._stream = stream
        self._name = name
        self.head = b""
        """The first bytes of the unpacked content, as far as it was read."""

    def members(self) -> Iterator[Iterator[bytes]]:
        """Yield the unpacked content in chunks: of each member of a zip archive, or of the file itself."""
        return (self._noted(each) for each in members(self._stream, self._name))

    def as_it_lies(self) -> Iterator[bytes]:
        """Yield the bytes in chunks, not unpacked."""
        return self._noted(iter(lambda: self._stream.read(_CHUNK_BYTES), b""))

    def wholes(self, *, most_bytes: int) -> Iterator[bytes]:
        """Yield the unpacked content of each member as one. Raises UnreadableFileError above ``most_bytes``."""
        for member in self.members():
            parts, size = [], 0
            for chunk in member:
                size += len(chunk)
                if size > most_bytes:
                    raise UnreadableFileError(f"it is larger than {most_bytes} bytes, which are read as one")
                parts.append(chunk)
            yield b"".join(parts)

    def files(self) -> Iterator[BinaryIO]:
        """Yield each member as a file to seek in; it is closed when the next one is asked for."""
        if compression_of(self._name) is None and self._stream.seekable():
            self.head = self._stream.read(_HEAD_BYTES)
            self._stream.seek(0)
            yield self._stream
            return
        for member in self.members():
            with _spooled(member) as file:
                yield file

    def _noted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if len(self.head) < _HEAD_BYTES:
                self.head += chunk[:_HEAD_BYTES]
            yield chunk


@contextmanager
def _spooled(chunks: Iterable[bytes]) -> Iterator[BinaryIO]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
        yield cast("BinaryIO", file)


def explained(error: UnreadableFileError, head: bytes, name: str) -> UnreadableFileError:
    """Return the error with what the first bytes look like, where that is something else than was expected."""
    kind = guessed_kind(head)
    if kind is None:
        return error
    if kind == "UTF-16":
        return UnreadableFileError(f"{error}: it seems to be UTF-16, which encoding='utf-16' declares")
    inside = f", inside {packed}" if (packed := compression_of(name)) else ""
    return UnreadableFileError(f"{error}: it seems to be {kind}{inside}, which its name does not say")
