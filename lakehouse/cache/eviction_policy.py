"""Which key goes when the cache is full: the interface that every policy keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Generic, TypeVar

from lakehouse.cache.linked_list import Node

__all__ = ["EvictionPolicy"]

K = TypeVar("K", bound=Hashable)


class EvictionPolicy(ABC, Generic[K]):
    """Orders keys for eviction. Knows no values and no bounds; not thread-safe: its cache's lock guards it.

    Two ways to speak to it, not to be mixed for one key: by key, or by a node that the caller keeps. A cache
    does the latter with its entries, which saves a look-up on each hit and an object for each key. A node
    that was discarded must do no harm in ``touch``: a finalizer may remove a key between look-up and touch.
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

    def admit(self, node: Node[K]) -> None:
        """Note that the node's key came in."""
        self.track_access(node.key)

    def touch(self, node: Node[K]) -> None:
        """Note a use of the node's key."""
        self.track_access(node.key)

    def discard(self, node: Node[K]) -> None:
        """Stop tracking the node's key."""
        self.forget(node.key)
