"""One loader per file on the whole host, without a lock file per file to clean up."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lakehouse.cache.host_lock import is_same_file, opened_lock_file
from lakehouse.cache.stored_object import Digest

__all__ = ["KeyLocks", "RangeKeyLocks", "StripedKeyLocks", "key_locks_in"]

STRIPES = 256


FIRST_PAUSE_SECONDS = 0.001
LAST_PAUSE_SECONDS = 0.05


class KeyLocks(ABC):
    """Gives each key to one holder at a time, among all threads and processes, until it dies."""

    @abstractmethod
    def holding(
        self, digest: Digest, *, timeout_seconds: float | None = None
    ) -> AbstractContextManager[None]:
        """Wait for the key, and hold it until the end of the ``with``. Raises OSError, TimeoutError."""


class RangeKeyLocks(KeyLocks):
    """Linux: a lock on one byte of one file, at the key's own offset.

    Locks of the open file description (fcntl F_OFD_SETLK), because POSIX record locks are the whole
    process's, so that threads would not exclude each other.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "key-locks"

    @contextmanager
    def holding(self, digest: Digest, *, timeout_seconds: float | None = None) -> Iterator[None]:
        request = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, digest[1] >> 2, 1, 0)

        def lock(descriptor: int) -> None:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, request)

        with _locked(self._path, lock, timeout_seconds):
            yield


class StripedKeyLocks(KeyLocks):
    """Elsewhere: flock on one of 256 files; two keys that share one wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def holding(self, digest: Digest, *, timeout_seconds: float | None = None) -> Iterator[None]:
        def lock(descriptor: int) -> None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

        with _locked(self._folder / f"key-lock-{digest[1] % STRIPES:02x}", lock, timeout_seconds):
            yield


@contextmanager
def _locked(path: Path, lock: Callable[[int], None], timeout_seconds: float | None) -> Iterator[None]:
    """Ask again and again, as a request that waits in the kernel has no time-out."""
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while True:
        with opened_lock_file(path) as descriptor:
            _wait_for(lock, descriptor, deadline)
            if is_same_file(descriptor, path):
                yield
                return


def _wait_for(lock: Callable[[int], None], descriptor: int, deadline: float | None) -> None:
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            lock(descriptor)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES: somebody holds it
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError("another process holds the lock of this key") from None
            time.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE_SECONDS)
        else:
            return


def key_locks_in(folder: Path) -> KeyLocks:
    """Return the finest locks that this system offers."""
    return RangeKeyLocks(folder) if hasattr(fcntl, "F_OFD_SETLKW") else StripedKeyLocks(folder)
