"""Objects in this process's memory: a real service, gone with the process."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

from lakehouse.storage.errors import NotFoundError
from lakehouse.storage.interface import CHUNK_BYTES, AbstractStorageService, Body
from lakehouse.storage.keys import check_existing_key, check_key, check_prefix, check_range
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, ObjectStat, Replaced

__all__ = ["MemoryStorageService"]


class MemoryStorageService(AbstractStorageService):
    """Keeps every promise of the interface, for tests and for unit tests of users. Thread-safe."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, ObjectStat]] = {}
        self._lock = threading.Lock()
        self._writes = itertools.count(1)

    def __repr__(self) -> str:
        return "MemoryStorageService()"

    def read(self, key: str) -> bytes:
        return self._get(key)[0]

    def read_range(self, key: str, start: int, length: int) -> bytes:
        check_range(key, start, length, store=repr(self))
        return self._get(key)[0][start : start + length]

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        body = self._get(key)[0]
        return (body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes))

    def stat(self, key: str) -> ObjectStat:
        return self._get(key)[1]

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix, store=repr(self))
        with self._lock:
            found = [stat for key, (_, stat) in self._objects.items() if key.startswith(prefix)]
        return iter(sorted((stat for stat in found if stat.key > start_after), key=lambda stat: stat.key))

    def uri(self, key: str = "") -> str:
        if key:
            check_existing_key(key, store=repr(self))
        return f"memory:///{key}"

    def write(self, key: str, body: Body) -> ObjectStat:
        check_key(key, store=repr(self))
        whole = body if isinstance(body, bytes) else b"".join(body)
        with self._lock:
            return self._put(key, whole)

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        check_key(key, store=repr(self))
        with self._lock:
            if key in self._objects:
                return AlreadyThere(key=key)
            return Created(stat=self._put(key, body))

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        check_key(key, store=repr(self))
        with self._lock:
            if key not in self._objects or self._objects[key][1].etag != etag:
                return Changed(key=key)
            return Replaced(stat=self._put(key, body))

    def copy(self, source: str, target: str) -> ObjectStat:
        return self.write(target, self.read(source))

    def delete(self, key: str) -> None:
        check_existing_key(key, store=repr(self))
        with self._lock:
            self._objects.pop(key, None)

    def _put(self, key: str, body: bytes) -> ObjectStat:
        now_ms = time.time_ns() // 1_000_000
        stat = ObjectStat(key=key, size_bytes=len(body), modified_ms=now_ms, etag=str(next(self._writes)))
        self._objects[key] = (bytes(body), stat)
        return stat

    def _get(self, key: str) -> tuple[bytes, ObjectStat]:
        check_existing_key(key, store=repr(self))
        with self._lock:
            try:
                return self._objects[key]
            except KeyError:
                raise NotFoundError(store=repr(self), key=key) from None
