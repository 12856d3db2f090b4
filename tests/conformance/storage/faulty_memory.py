"""An object store in memory whose network is bad: requests and answers get lost, doubled and late."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterable

from lakehouse.storage.errors import ObjectChangedError, ThrottledError, UnreachableError
from lakehouse.storage.object_client import Found, Part
from lakehouse.storage.outcomes import ObjectStat

FAULTS = ["busy", "lost request", "lost answer", "twice", "late", "conflict"]


class FaultyMemoryClient:
    """An ``ObjectClient`` that spoils a share of its exchanges, drawn from a seed."""

    def __init__(self, *, seed: int, fault_share: float) -> None:
        self._objects: dict[str, tuple[bytes, Found]] = {}
        self._late: list[tuple[str, bytes, str, str]] = []
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._fault_share = fault_share
        self._etags = itertools.count(1)
        self.slept_seconds = 0.0
        self.faults: dict[str, int] = dict.fromkeys(FAULTS, 0)

    def get(self, key: str) -> bytes:
        with self._lock:
            return self._objects[key][0]

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        with self._lock:
            body, found = self._objects[key]
        if etag and found.stat.etag != etag:
            raise ObjectChangedError(store="faulty", key=key)
        return Part(body=body[start : start + length], etag=found.stat.etag, size_bytes=len(body))

    def head(self, key: str) -> Found | None:
        with self._lock:
            fault = self._draw(["busy", "lost request"])
            self._land_late_ones()
            if fault:
                self._raise(fault, key)
            return self._objects[key][1] if key in self._objects else None

    def put(self, key: str, body: bytes | Iterable[bytes]) -> str:
        with self._lock:
            return self._write(key, body if isinstance(body, bytes) else b"".join(body), "")

    def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None:
        with self._lock:
            fault = self._draw(FAULTS)
            self._land_late_ones()
            if fault == "late":
                self._late.append((key, body, etag, write_id))
            if fault == "conflict":
                return None
            if fault in {"busy", "lost request", "late"}:
                self._raise(fault, key)
            made = self._write_if(key, body, etag, write_id)
            if fault == "lost answer":
                self._raise(fault, key)
            return self._write_if(key, body, etag, write_id) if fault == "twice" else made

    def copy(self, source: str, target: str) -> None:
        self.put(target, self.get(source))

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(key, None)

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        with self._lock:
            return [found.stat for _, found in self._objects.values()]

    def sleep(self, seconds: float) -> None:
        self.slept_seconds += seconds
        time.sleep(0)

    def _draw(self, faults: list[str]) -> str:
        if self._random.random() >= self._fault_share:
            return ""
        fault = self._random.choice(faults)
        self.faults[fault] += 1
        return fault

    def _land_late_ones(self) -> None:
        """Requests whose sender has given up arrive when they like."""
        waiting, self._late = self._late, []
        for request in waiting:
            if self._random.random() < 0.5:
                self._write_if(*request)
            else:
                self._late.append(request)

    def _write_if(self, key: str, body: bytes, etag: str, write_id: str) -> str | None:
        there = self._objects.get(key)
        if (there is None) if etag else (there is not None):
            return None
        if etag and there is not None and there[1].stat.etag != etag:
            return None
        return self._write(key, body, write_id)

    def _write(self, key: str, body: bytes, write_id: str) -> str:
        etag = str(next(self._etags))
        stat = ObjectStat(key=key, size_bytes=len(body), modified_ms=0, etag=etag)
        self._objects[key] = (body, Found(stat=stat, write_id=write_id))
        return etag

    @staticmethod
    def _raise(fault: str, key: str) -> None:
        error = ThrottledError if fault == "busy" else UnreachableError
        raise error(store="faulty", key=key, action="put", detail=fault)
