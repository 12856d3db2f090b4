"""What the caches of all processes on this node did: counters in shared memory, summed by whoever asks."""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

__all__ = ["NAMES", "NodeCounters", "NodeStatistics", "read_counters"]

WORD_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatistics:
    """Counts; add them up over processes, subtract an earlier reading to get what happened since."""

    file_hits: int = 0
    file_misses: int = 0
    file_waits: int = 0
    """Misses that another process or thread was fetching already: no fetch of their own."""
    fetches: int = 0
    """Copies made of a source, whole."""
    fetch_failures: int = 0
    fetched_bytes: int = 0
    fetch_microseconds: int = 0
    uncached: int = 0
    """Files handed out without being kept: too large, disk full, cache not usable."""
    evictions: int = 0
    evicted_bytes: int = 0
    corrupt: int = 0
    """Copies whose size or checksum was wrong: dropped, and fetched again."""
    memory_hits: int = 0
    memory_misses: int = 0
    memory_loads: int = 0
    memory_evictions: int = 0

    def __add__(self, other: NodeStatistics) -> NodeStatistics:
        return NodeStatistics(**{name: getattr(self, name) + getattr(other, name) for name in NAMES})

    def __sub__(self, other: NodeStatistics) -> NodeStatistics:
        return NodeStatistics(**{name: getattr(self, name) - getattr(other, name) for name in NAMES})

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name, as an event or JSON takes them."""
        return {name: getattr(self, name) for name in NAMES}

    @classmethod
    def from_dict(cls, counts: Mapping[str, Any]) -> NodeStatistics:
        """Return what ``as_dict`` gave, in this version or another; a count that is missing is 0."""
        return cls(**{name: int(counts.get(name, 0)) for name in NAMES})


NAMES = tuple(field.name for field in fields(NodeStatistics))
_POSITION = {name: position for position, name in enumerate(NAMES)}


class NodeCounters:
    """The counters of one process, in a mapped file: others read them at any time, even after a kill -9."""

    def __init__(self, words: memoryview) -> None:
        self._words = words
        self._lock = threading.RLock()  # a finalizer may count, in the middle of it

    @classmethod
    def in_file(cls, path: Path) -> NodeCounters:
        """Make counters that other processes can read. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            size = WORD_BYTES * len(NAMES)
            os.posix_fallocate(descriptor, 0, size)
            return cls(memoryview(mmap.mmap(descriptor, size)).cast("Q"))
        finally:
            os.close(descriptor)

    @classmethod
    def private(cls) -> NodeCounters:
        """Make counters that only this process sees."""
        return cls(memoryview(bytearray(WORD_BYTES * len(NAMES))).cast("Q"))

    def add(self, name: str, amount: int = 1) -> None:
        """Count."""
        position = _POSITION[name]
        with self._lock:
            self._words[position] += amount

    def take_over(self, earlier: NodeCounters) -> None:
        """Add what was counted before."""
        for name, amount in earlier.read().as_dict().items():
            self.add(name, amount)

    def read(self) -> NodeStatistics:
        """Return the counts of this process."""
        with self._lock:
            return NodeStatistics(**dict(zip(NAMES, self._words.tolist(), strict=True)))


def read_counters(path: Path) -> NodeStatistics:
    """Return the counts in a file of another process; zeros when it is missing or damaged."""
    try:
        raw = path.read_bytes()
    except OSError:
        return NodeStatistics()
    if len(raw) != WORD_BYTES * len(NAMES):
        return NodeStatistics()
    return NodeStatistics(**dict(zip(NAMES, memoryview(raw).cast("Q").tolist(), strict=True)))
