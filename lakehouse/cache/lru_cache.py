"""The cache that most people want: it evicts the least recently used entry."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar, Unpack

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

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        del arguments["policy"]
        return arguments
