"""Objects in this process's memory: a real service, gone with the process."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator

from lakehouse.storage.errors import NotFoundError
from lakehouse.storage.interface import AbstractStorageService, AlreadyThere, Created, ObjectStat
from lakehouse.storage.keys import check_key

__all__ = ["MemoryStorageService"]


class MemoryStorageService(AbstractStorageService):
    """Keeps every promise of the interface, for tests and for unit tests of users. Thread-safe."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, ObjectStat]] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "MemoryStorageService()"

    def read(self, key: str) -> bytes:
        return self._get(key)[0]

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._get(key)[0][start : start + length]

    def stat(self, key: str) -> ObjectStat:
        return self._get(key)[1]

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        with self._lock:
            stats = [stat for key, (_, stat) in self._objects.items() if key.startswith(prefix)]
        stats.sort(key=lambda stat: stat.key.encode())
        yield from (stat for stat in stats if stat.key.encode() > start_after.encode())

    def uri(self, key: str = "") -> str:
        return f"memory:///{key}"

    def write(self, key: str, body: bytes) -> ObjectStat:
        check_key(key, store=repr(self))
        with self._lock:
            return self._put(key, body)

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        check_key(key, store=repr(self))
        with self._lock:
            if key in self._objects:
                return AlreadyThere(key=key)
            return Created(stat=self._put(key, body))

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(key, None)

    def _put(self, key: str, body: bytes) -> ObjectStat:
        etag = hashlib.blake2b(body, digest_size=16).hexdigest()
        stat = ObjectStat(key=key, size_bytes=len(body), modified_ms=time.time_ns() // 1_000_000, etag=etag)
        self._objects[key] = (bytes(body), stat)
        return stat

    def _get(self, key: str) -> tuple[bytes, ObjectStat]:
        check_key(key, store=repr(self))
        with self._lock:
            try:
                return self._objects[key]
            except KeyError:
                raise NotFoundError(store=repr(self), key=key) from None
