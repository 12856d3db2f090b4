"""Writers that run one storage call at a time, so that a test decides what happens between any two of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from lakehouse.errors import StorageError
from lakehouse.storage import (
    CHUNK_BYTES,
    AbstractStorageService,
    AlreadyThere,
    Changed,
    Created,
    MemoryStorageService,
    NotFoundError,
    ObjectStat,
    Replaced,
)


class Fate(Enum):
    """What becomes of one storage call."""

    WORKS = "works"
    CRASH_BEFORE = "the process dies before it"
    CRASH_AFTER = "the process dies right after it"
    ANSWER_LOST = "it works, and the caller hears of a failure"
    DELAYED = "the caller hears of a failure, and it works later"


class ProcessDied(BaseException):
    """Unwinds a writer's thread as if its process were gone: nothing of ours may catch it."""


class Writer:
    """A thread that stops before each storage call until it is told the call's fate."""

    def __init__(self, body: Callable[[Writer], None], in_flight: list[Callable[[], Any]]) -> None:
        self.finished = False
        self.died = False
        self._body = body
        self._in_flight = in_flight
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._fate = Fate.WORKS
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def step(self, fate: Fate) -> None:
        """Let the next storage call meet its fate, and run up to the one after it."""
        self._fate = fate
        self._go.release()
        self._stopped.acquire()

    def call(self, action: Callable[[], Any]) -> Any:
        """Called in the writer's thread for each storage call."""
        if self.died:
            raise ProcessDied
        self._stopped.release()
        self._go.acquire()
        fate = self._fate
        if fate is Fate.CRASH_BEFORE:
            self.died = True
            raise ProcessDied
        if fate is Fate.DELAYED:
            self._in_flight.append(action)
            raise StorageError("no answer in time.")
        try:
            result = action()
        except NotFoundError:
            if fate is Fate.WORKS:
                raise
            result = None
        if fate is Fate.CRASH_AFTER:
            self.died = True
            raise ProcessDied
        if fate is Fate.ANSWER_LOST:
            raise StorageError("the connection was reset.")
        return result

    def _run(self) -> None:
        try:
            self._body(self)
        except ProcessDied:
            pass
        finally:
            self.finished = True
            self._stopped.release()


class SteppedStorage(AbstractStorageService):
    """A memory store as one writer sees it."""

    def __init__(self, store: MemoryStorageService, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    def read(self, key: str) -> bytes:
        return self._writer.call(lambda: self._store.read(key))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._writer.call(lambda: self._store.read_range(key, start, length))

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        yield from self._writer.call(lambda: [*self._store.stream(key, chunk_bytes=chunk_bytes)])

    def stat(self, key: str) -> ObjectStat:
        return self._writer.call(lambda: self._store.stat(key))

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        yield from self._writer.call(lambda: list(self._store.list(prefix, start_after=start_after)))

    def uri(self, key: str = "") -> str:
        return self._store.uri(key)

    def write(self, key: str, body: bytes) -> ObjectStat:
        return self._writer.call(lambda: self._store.write(key, body))

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        return self._writer.call(lambda: self._store.put_if_absent(key, body))

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        return self._writer.call(lambda: self._store.replace(key, body, etag=etag))

    def copy(self, source: str, target: str) -> ObjectStat:
        return self._writer.call(lambda: self._store.copy(source, target))

    def delete(self, key: str) -> None:
        self._writer.call(lambda: self._store.delete(key))
