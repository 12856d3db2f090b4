"""A read-write lock among all threads of all processes of a host."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.cache.fork import no_fork
from lakehouse.cache.read_write_lock import ReadWriteLock

__all__ = ["HostReadWriteLock", "close_lock_file", "is_same_file", "open_lock_file", "opened_lock_file"]

_open_descriptors: set[int] = set()


class HostReadWriteLock:
    """A ReadWriteLock among the threads of this process, and flock(2) on a file among processes.

    The kernel gives a process's part back when it dies, however it dies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = ReadWriteLock()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the lock beside other readers. Raises OSError, LockMisuseError."""
        with self._threads.reading(), self._flock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock alone. Raises OSError, LockMisuseError."""
        with self._threads.writing(), self._flock(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _flock(self, operation: int) -> Iterator[None]:
        while True:
            with opened_lock_file(self._path) as descriptor:
                fcntl.flock(descriptor, operation)
                if is_same_file(descriptor, self._path):
                    yield
                    return


@contextmanager
def opened_lock_file(path: Path) -> Iterator[int]:
    """Open (or create) a file to lock; closing it gives the lock back."""
    descriptor = open_lock_file(path)
    try:
        yield descriptor
    finally:
        close_lock_file(descriptor)


def open_lock_file(path: Path) -> int:
    """Return a descriptor of a file to lock, created if it is missing; a forked child does not keep it."""
    with no_fork():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        _open_descriptors.add(descriptor)
    return descriptor


def close_lock_file(descriptor: int) -> None:
    """Close what ``open_lock_file`` returned; nothing in a forked child, where it is closed already."""
    with no_fork():
        if descriptor in _open_descriptors:
            _open_descriptors.discard(descriptor)
            os.close(descriptor)


def _close_all_in_child() -> None:
    # A lock belongs to the open file, not to a descriptor of it: a child that keeps one would hold its parent's
    # locks for as long as it lives, and wait for itself where it needs one of them.
    for descriptor in list(_open_descriptors):
        os.close(descriptor)
    _open_descriptors.clear()


os.register_at_fork(after_in_child=_close_all_in_child)


def is_same_file(descriptor: int, path: Path) -> bool:
    """Say whether the path still names the open file: a deleted lock file guards nothing."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
