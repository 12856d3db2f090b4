"""The cache most people want: least recently used goes first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar, Unpack

from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.options import CacheKeywords

__all__ = ["LRUCache"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(CacheMap[K, V]):
    """A CacheMap that evicts exactly the least recently used entry."""

    def __init__(self, max_entries: int | None = None, **options: Unpack[CacheKeywords[K, V]]) -> None:
        """Take the options that ``CacheOptions`` lists. Raises CacheBoundError, InvalidDurationError."""
        super().__init__(max_entries, policy=LRUPolicy, **options)
