"""The cache most people want: least recently used goes first."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.entry import Removal
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.sizes import size_of

__all__ = ["LRUCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(CacheMap[K, V]):
    """A CacheMap that evicts exactly the least recently used entry."""

    def __init__(
        self,
        max_entries: int | None = None,
        *,
        max_bytes: int | None = None,
        sizeof: Callable[[V], int] = size_of,
        ttl_seconds: float | None = None,
        listener: Callable[[Removal[K, V]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            max_entries=max_entries,
            max_bytes=max_bytes,
            sizeof=sizeof,
            ttl_seconds=ttl_seconds,
            listener=listener,
            policy=LRUPolicy,
            clock=clock,
        )
        del self._settings["policy"]  # not an argument of ours
