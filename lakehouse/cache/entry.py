"""What a cache holds under a key, and what it tells when that ends."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from lakehouse.cache.linked_list import Node

__all__ = ["CacheEntry", "Removal", "RemovalCause"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CacheEntry(Node[K], Generic[K, V]):
    """One key with its value. Only the cache that made it changes it, under that cache's lock.

    It is its own node in the eviction policy's order: a second object for each key would cost a tenth of a
    put, and as much memory again.
    """

    __slots__ = ("expires_at", "last_access_timestamp", "size", "value")

    def __init__(
        self, key: K, value: V, size: int, last_access_timestamp: float, expires_at: float | None = None
    ) -> None:
        self.key = key
        self.value = value
        self.size = size
        """Bytes, if the cache is bound by bytes; else 1."""
        self.last_access_timestamp = last_access_timestamp
        """Seconds by the cache's clock (monotonic unless told otherwise) at the last put or hit."""
        self.expires_at = expires_at
        """By the same clock; None lives until it is evicted."""

    def copy(self) -> CacheEntry[K, V]:
        """Return an entry that no cache will change."""
        return CacheEntry(self.key, self.value, self.size, self.last_access_timestamp, self.expires_at)

    def __repr__(self) -> str:
        return f"<CacheEntry {self.key!r}, size {self.size}>"


class RemovalCause(StrEnum):
    """Why an entry left."""

    EVICTED = "evicted"
    """To make room within the bounds."""
    EXPIRED = "expired"
    """Its time to live was over."""
    REPLACED = "replaced"
    """A newer value was put under the key."""
    REMOVED = "removed"
    """``remove`` was called for the key."""
    CLEARED = "cleared"
    """``clear`` was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal(Generic[K, V]):
    """What a removal listener is told."""

    key: K
    value: V
    cause: RemovalCause
