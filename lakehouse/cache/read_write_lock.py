"""Many readers or one writer, and neither side can starve the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from lakehouse.cache.errors import LockMisuseError, LockTimeoutError

__all__ = ["ReadWriteLock"]


class ReadWriteLock:
    """Lets any number of threads read, or exactly one write; phases alternate when both wait.

    A waiting writer goes before readers that come after it; when a writer leaves, the readers that were
    waiting by then all go before the next writer. A thread may read again while it reads. What would wait
    for itself raises LockMisuseError at once: writing while reading (an upgrade), anything while writing.

    A reader pays about eight plain locks, so this lock is for sections longer than that.
    """

    __slots__ = (
        "_changed",
        "_depth_by_reader",
        "_mutex",
        "_passes",
        "_phase",
        "_waiting_readers",
        "_waiting_writers",
        "_writer",
    )

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._changed = threading.Condition(self._mutex)
        self._depth_by_reader: dict[int, int] = {}
        self._writer: int | None = None
        self._waiting_readers = 0
        self._waiting_writers = 0
        self._phase = 0  # one more with each writer that left
        self._passes = 0  # readers of an earlier phase, all to be let in before the next writer

    def reading(self, *, timeout_seconds: float | None = None) -> AbstractContextManager[None]:
        """Hold the lock beside other readers. Raises LockMisuseError, LockTimeoutError."""
        return _Section(self.acquire_read, self.release_read, timeout_seconds)

    def writing(self, *, timeout_seconds: float | None = None) -> AbstractContextManager[None]:
        """Hold the lock alone. Raises LockMisuseError, LockTimeoutError."""
        return _Section(self.acquire_write, self.release_write, timeout_seconds)

    def acquire_read(self, *, timeout_seconds: float | None = None) -> None:
        """Wait until this thread may read; ``release_read`` must follow."""
        me = threading.get_ident()
        with self._mutex:
            self._refuse_inside_writing("read")
            depth = self._depth_by_reader.get(me, 0)
            if depth == 0 and (self._writer is not None or self._waiting_writers):
                self._wait_as_reader(timeout_seconds)
            self._depth_by_reader[me] = depth + 1

    def release_read(self) -> None:
        """Give back one ``acquire_read`` of this thread."""
        me = threading.get_ident()
        with self._mutex:
            depth = self._depth_by_reader.get(me, 0)
            if depth == 0:
                raise LockMisuseError(
                    asked="release a read lock", held="none", fix="release in the thread that acquired, once."
                )
            if depth > 1:
                self._depth_by_reader[me] = depth - 1
                return
            del self._depth_by_reader[me]
            if not self._depth_by_reader:
                self._changed.notify_all()

    def acquire_write(self, *, timeout_seconds: float | None = None) -> None:
        """Wait until this thread may write; ``release_write`` must follow."""
        me = threading.get_ident()
        with self._mutex:
            self._refuse_inside_writing("write")
            if me in self._depth_by_reader:
                raise LockMisuseError(
                    asked="write",
                    held="a read lock of the same object",
                    fix="leave reading() first, and look again inside writing(): others may have written.",
                )
            self._wait_as_writer(timeout_seconds)
            self._writer = me

    def release_write(self) -> None:
        """Give back ``acquire_write``."""
        with self._mutex:
            if self._writer != threading.get_ident():
                raise LockMisuseError(
                    asked="release a write lock",
                    held="none",
                    fix="release in the thread that acquired, once.",
                )
            self._writer = None
            self._phase += 1
            self._passes = self._waiting_readers
            self._changed.notify_all()

    def _refuse_inside_writing(self, asked: str) -> None:
        if self._writer == threading.get_ident():
            raise LockMisuseError(
                asked=asked,
                held="the write lock of the same object",
                fix="whoever writes may already read: call the code below the lock directly.",
            )

    def _wait_as_reader(self, timeout_seconds: float | None) -> None:
        arrived_in = self._phase

        def may_enter() -> bool:
            return self._writer is None and (arrived_in != self._phase or not self._waiting_writers)

        self._waiting_readers += 1
        try:
            self._wait(may_enter, timeout_seconds, asked="read")
        finally:
            self._waiting_readers -= 1
            if arrived_in != self._phase and self._passes:
                self._passes -= 1
                self._changed.notify_all()

    def _wait_as_writer(self, timeout_seconds: float | None) -> None:
        self._waiting_writers += 1
        try:
            self._wait(self._writer_may_enter, timeout_seconds, asked="write")
        finally:
            self._waiting_writers -= 1
            if not self._waiting_writers:
                self._changed.notify_all()

    def _writer_may_enter(self) -> bool:
        return self._writer is None and not self._depth_by_reader and not self._passes

    def _wait(self, ready: Callable[[], bool], timeout_seconds: float | None, *, asked: str) -> None:
        if not self._changed.wait_for(ready, timeout_seconds) and timeout_seconds is not None:
            raise LockTimeoutError(asked=asked, timeout_seconds=timeout_seconds)


class _Section(AbstractContextManager[None]):
    """The ``with`` of a lock; a generator would take as long again as the lock itself."""

    __slots__ = ("_enter", "_leave", "_timeout_seconds")

    def __init__(
        self, enter: Callable[..., None], leave: Callable[[], None], timeout_seconds: float | None
    ) -> None:
        self._enter = enter
        self._leave = leave
        self._timeout_seconds = timeout_seconds

    def __enter__(self) -> None:
        self._enter(timeout_seconds=self._timeout_seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
