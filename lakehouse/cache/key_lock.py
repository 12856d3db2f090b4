"""One loader per file on the whole host, without a lock file per file to clean up."""

from __future__ import annotations

import fcntl
import os
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lakehouse.cache.host_lock import is_same_file, opened_lock_file
from lakehouse.cache.stored_object import Digest

__all__ = ["KeyLocks", "RangeKeyLocks", "StripedKeyLocks", "key_locks_in"]

STRIPES = 256


class KeyLocks(ABC):
    """Gives each key to one holder at a time, among all threads and processes, until it dies."""

    @abstractmethod
    def holding(self, digest: Digest) -> AbstractContextManager[None]:
        """Wait for the key, and hold it until the end of the ``with``. Raises OSError."""


class RangeKeyLocks(KeyLocks):
    """Linux: a lock on one byte of one file, at the key's own offset.

    Locks of the open file description (fcntl F_OFD_SETLKW), because POSIX record locks are the whole
    process's, so that threads would not exclude each other.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "key-locks"

    @contextmanager
    def holding(self, digest: Digest) -> Iterator[None]:
        request = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, digest[1] >> 2, 1, 0)
        while True:
            with opened_lock_file(self._path) as descriptor:
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, request)
                if is_same_file(descriptor, self._path):
                    yield
                    return


class StripedKeyLocks(KeyLocks):
    """Elsewhere: flock on one of 256 files; two keys that share one wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def holding(self, digest: Digest) -> Iterator[None]:
        path = self._folder / f"key-lock-{digest[1] % STRIPES:02x}"
        while True:
            with opened_lock_file(path) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if is_same_file(descriptor, path):
                    yield
                    return


def key_locks_in(folder: Path) -> KeyLocks:
    """Return the best this system has."""
    return RangeKeyLocks(folder) if hasattr(fcntl, "F_OFD_SETLKW") else StripedKeyLocks(folder)
