"""A cached file in use: it can be read until the lease is closed, whatever becomes of the cache."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from lakehouse.cache.download import CHUNK_BYTES

__all__ = ["Lease"]


class Lease:
    """An open descriptor of one whole version of a file. Close it, or use it in ``with``.

    Eviction, ``clear`` and ``rm -rf`` of the cache remove the file's name; a lease still reads its content.
    """

    __slots__ = ("_descriptor", "_link", "_link_owner", "_new_path", "size_bytes")

    def __init__(self, descriptor: int, size_bytes: int, new_path: Callable[[], Path]) -> None:
        self._descriptor = descriptor
        self._new_path = new_path
        self._link: Path | None = None
        self._link_owner = 0
        self.size_bytes = size_bytes

    def fileno(self) -> int:
        """Return the descriptor, positioned at the start; it is the lease's: don't close it."""
        return self._descriptor

    @property
    def path(self) -> Path:
        """The lease's own hard link to the file, made on first use, gone when the lease is closed."""
        if self._link is None:
            self._link = self._linked(self._new_path())
            self._link_owner = os.getpid()
        return self._link

    def read(self) -> bytes:
        """Return the whole content."""
        chunks = []
        position = 0
        while position < self.size_bytes:
            chunk = os.pread(self._descriptor, self.size_bytes - position, position)
            if not chunk:
                break
            chunks.append(chunk)
            position += len(chunk)
        return b"".join(chunks)

    def map(self) -> memoryview:
        """Return the content mapped into memory, without a copy; stays valid after ``close``."""
        if self.size_bytes == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(self._descriptor, self.size_bytes, prot=mmap.PROT_READ))

    def close(self) -> None:
        """Close the descriptor and remove the link; again is fine."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        link, self._link = self._link, None
        if link is not None and self._link_owner == os.getpid():  # not a forked child's copy
            link.unlink(missing_ok=True)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            self.close()

    def __repr__(self) -> str:
        return f"<Lease of {self.size_bytes} bytes{'' if self._descriptor >= 0 else ', closed'}>"

    def _linked(self, path: Path) -> Path:
        try:
            os.link(f"/proc/self/fd/{self._descriptor}", path, follow_symlinks=True)
        except OSError:  # evicted meanwhile (a file without a name takes no link), or another file system
            self._copy_to(path)
        return path

    def _copy_to(self, path: Path) -> None:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            position = 0
            while chunk := os.pread(self._descriptor, CHUNK_BYTES, position):
                position += os.write(target, chunk)
        finally:
            os.close(target)
