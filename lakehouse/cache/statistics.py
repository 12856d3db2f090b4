"""What a cache did so far, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.cache.entry import RemovalCause

__all__ = ["CacheStatistics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatistics:
    """Counts since the cache was made, and what it holds now; all of one instant."""

    hits: int = 0
    misses: int = 0
    loads: int = 0
    """Loader calls that returned a value."""
    load_failures: int = 0
    """Loader calls that raised."""
    load_seconds: float = 0.0
    """Time spent in loaders, whether they returned or raised."""
    refused: int = 0
    """Loaded values that were larger than the whole cache: handed out, not kept."""
    removals: Mapping[RemovalCause, int] = field(default_factory=dict)
    """How many entries left, by cause; causes that never happened are absent."""
    entries: int = 0
    size_bytes: int = 0
    """0 unless the cache is bound by bytes."""

    @property
    def requests(self) -> int:
        """Return how often the cache was asked."""
        return self.hits + self.misses

    @property
    def hit_ratio(self) -> float:
        """Return the share of requests that hit; 0 before the first."""
        return self.hits / self.requests if self.requests else 0.0

    @property
    def evictions(self) -> int:
        """Return how many entries left to make room."""
        return self.removals.get(RemovalCause.EVICTED, 0)
