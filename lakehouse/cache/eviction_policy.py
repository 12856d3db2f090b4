"""Which key goes when the cache is full: the interface that every policy keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

__all__ = ["EvictionPolicy"]

K = TypeVar("K", bound=Hashable)


class EvictionPolicy(ABC, Generic[K]):
    """Orders keys for eviction. Knows no values and no bounds; not thread-safe: its cache's lock guards it.

    Two ways to speak to it, not to be mixed for one key: by key, or (a cache does that, to save the look-up
    by key) by the handle that ``admit`` gives out. A handle that was discarded must do no harm in ``touch``:
    a finalizer may remove a key between a look-up and its touch.
    """

    @abstractmethod
    def track_access(self, key: K) -> None:
        """Note that ``key`` came in, or was used."""

    @abstractmethod
    def evict_key(self) -> K:
        """Choose the key to go, forget it and return it. Raises NothingToEvictError."""

    @abstractmethod
    def forget(self, key: K) -> None:
        """Stop tracking ``key``; one that is not tracked is fine."""

    def admit(self, key: K) -> Any:
        """Note that ``key`` came in; return what ``touch`` takes for it."""
        self.track_access(key)
        return key

    def touch(self, handle: Any) -> None:
        """Note a use, by handle."""
        self.track_access(handle)

    def discard(self, handle: Any) -> None:
        """Stop tracking, by handle."""
        self.forget(handle)
