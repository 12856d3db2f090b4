"""The LRU cache with hits that take no lock: twice as fast, its order approximate under races."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import count
from typing import Any, TypeVar, Unpack, cast

from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.options import CacheKeywords
from lakehouse.cache.statistics import CacheStatistics
from lakehouse.cache.ticked_lru_policy import TickedLRUPolicy

__all__ = ["BufferedCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")


class BufferedCache(CacheMap[K, V]):
    """A cache whose hits leave only a tick in the entry; the ticks are read when something must be evicted.

    On one thread it evicts exactly what LRUCache evicts. With several, a hit that races an eviction may
    come too late to save its entry; values are never stale. ``last_access_timestamp`` is that of the put:
    a clock would cost a third of the hit.
    """

    def __init__(self, max_entries: int | None = None, **options: Unpack[CacheKeywords[K, V]]) -> None:
        """Take the options that ``CacheOptions`` lists. Raises CacheBoundError, InvalidDurationError."""
        super().__init__(max_entries, policy=TickedLRUPolicy, **options)

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        del arguments["policy"]
        return arguments

    def _bind_fast_path(self) -> None:
        super()._bind_fast_path()
        self._ticks = cast("TickedLRUPolicy[K]", self._store.policy)
        self._next_tick = self._ticks.next_tick
        self._count_miss = count().__next__
        self._miss_looks = 0

    def get(self, key: K, default: D | None = None) -> V | D | None:
        entry = self._find(key)
        if entry is None:
            self._count_miss()
            return default
        if entry.expires_at is not None and self._clock() >= entry.expires_at:
            self._count_miss()
            self._change(self._store.expire, entry)
            return default
        entry.mark = self._next_tick()
        return entry.value

    def statistics(self) -> CacheStatistics:
        with self._lock:
            self._hits = self._ticks.ticks_of_others()
            self._misses = self._count_miss() - self._miss_looks  # looking counts too
            self._miss_looks += 1
            return super().statistics()
