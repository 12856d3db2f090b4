"""How landed files are read in tasks: in ranges, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lakehouse.settings import StorageSettings
from lakehouse.storage import CHUNK_BYTES, locate, parse_uri

__all__ = ["bytes_from", "reading_cost"]

_CHUNK_BYTES = 1 << 20
_OPENING_BYTES = 4 << 10
_ASKING_BYTES = 64 << 10
"""A store has to be asked before it gives a byte."""


def bytes_from(path: str, start: int, *, settings: StorageSettings | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from ``start`` to its end, in chunks; ``settings`` reach its store.

    Raises OSError, StorageError or InvalidUriError.
    """
    location = parse_uri(path)
    if location.scheme == "file":
        with Path(location.path).open("rb") as file:
            file.seek(start)
            yield from iter(lambda: file.read(_CHUNK_BYTES), b"")
        return
    store, key = locate(path, settings=settings)
    while chunk := store.read_range(key, start, CHUNK_BYTES):
        yield chunk
        start += len(chunk)


def reading_cost(path: str, size_bytes: int) -> int:
    """Return how long reading a file takes, as the bytes that a disk gives in that time."""
    return size_bytes + (_ASKING_BYTES if "://" in path else _OPENING_BYTES)
