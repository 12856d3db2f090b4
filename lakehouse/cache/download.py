"""A file while it is being fetched: written, counted and checksummed; moved elsewhere if the disk fills."""

from __future__ import annotations

import io
import os
import tempfile
import zlib
from pathlib import Path
from typing import Any

__all__ = ["Download", "anonymous_file", "checksum_of"]

CHUNK_BYTES = 1 << 20


class Download(io.RawIOBase):
    """A writable file for a fetcher. ``path`` is None when it has no name: nobody can find it, or keep it."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.size_bytes = 0
        self.checksum = 0
        self._lent = -1
        if path is None:
            self._descriptor = anonymous_file()
        else:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(path, flags, 0o400)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Return a descriptor that may be written to, by a subprocess for example, and even be closed.

        What is written past ``write`` is not counted here: ``finish`` looks at the file itself then.
        """
        if not self._has_lent():
            self._lent = os.dup(self._descriptor)
        return self._lent

    def write(self, data: Any) -> int:
        """Write all of ``data``; on a full disk, go on in a file without a name. Raises OSError."""
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            try:
                written += os.write(self._descriptor, view[written:])
            except OSError:  # the disk is full or fails: no reason for the reader to fail
                if self.path is None:
                    raise
                self._move_elsewhere()
        self.size_bytes += written
        self.checksum = zlib.crc32(view, self.checksum)
        return written

    def finish(self) -> None:
        """Say that all was written: ``size_bytes`` and ``checksum`` are those of the file from now on."""
        if self._lent >= 0:
            self._take_back()
            self.size_bytes = os.fstat(self._descriptor).st_size
            self.checksum = checksum_of(self._descriptor)

    def reader(self) -> int:
        """Return a new descriptor of what was written, read-only where the system can do that."""
        try:
            return os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            return os.dup(self._descriptor)

    def close(self) -> None:
        """Close, and remove the name if it is still there."""
        if not self.closed:
            super().close()
            self._take_back()
            os.close(self._descriptor)
            self.forget_name(unlink=True)

    def forget_name(self, *, unlink: bool) -> None:
        """Give up the name: the file was moved to another one, or stays without a name."""
        if self.path is not None and unlink:
            self.path.unlink(missing_ok=True)
        self.path = None

    def _has_lent(self) -> bool:
        """Say whether the descriptor that was lent is still ours: its number may be another file's by now."""
        try:
            return self._lent >= 0 and os.path.samestat(os.fstat(self._lent), os.fstat(self._descriptor))
        except OSError:
            return False

    def _take_back(self) -> None:
        if self._has_lent():
            os.close(self._lent)
        self._lent = -1

    def _move_elsewhere(self) -> None:
        elsewhere = anonymous_file()
        copied = 0
        while chunk := os.pread(self._descriptor, CHUNK_BYTES, copied):
            copied += os.write(elsewhere, chunk)
        os.lseek(elsewhere, os.lseek(self._descriptor, 0, os.SEEK_CUR), os.SEEK_SET)
        if self._has_lent():
            os.dup2(elsewhere, self._lent, inheritable=False)
        os.close(self._descriptor)
        self._descriptor = elsewhere
        self.forget_name(unlink=True)


def anonymous_file() -> int:
    """Return a descriptor of an empty file without a name: in the temporary folder, else in memory."""
    try:
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
        return os.memfd_create("lakehouse-cache", os.MFD_CLOEXEC)


def checksum_of(descriptor: int) -> int:
    """Return the CRC-32 of a whole file; the descriptor's position stays."""
    checksum = position = 0
    while chunk := os.pread(descriptor, CHUNK_BYTES, position):
        checksum = zlib.crc32(chunk, checksum)
        position += len(chunk)
    return checksum
