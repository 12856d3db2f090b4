"""What a cache holds under a key, and what it tells when that ends."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

__all__ = ["CacheEntry", "Removal", "RemovalCause"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True, eq=False)
class CacheEntry(Generic[K, V]):
    """One key with its value. Only the cache that made it changes it, under that cache's lock."""

    key: K
    value: V
    size: int
    """Bytes, if the cache is bound by bytes; else 1."""
    last_access_timestamp: float
    """Seconds by the cache's clock (monotonic unless told otherwise) at the last put or hit."""
    expires_at: float | None = None
    """By the same clock; None lives until it is evicted."""
    handle: Any = None
    """What the eviction policy takes instead of the key, to save itself a look-up."""


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
