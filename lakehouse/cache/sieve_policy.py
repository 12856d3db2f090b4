"""Evict what was not used since the hand last passed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import LinkedList, Node

__all__ = ["SIEVEPolicy"]

K = TypeVar("K", bound=Hashable)


class VisitedNode(Node[K]):
    """A node with the mark that a use leaves."""

    __slots__ = ("visited",)

    def __init__(self, key: K) -> None:
        super().__init__(key)
        self.visited = False


class SIEVEPolicy(EvictionPolicy[K]):
    """SIEVE (Zhang et al., NSDI '24): a queue in order of arrival; a hand walks from the tail to the head,
    takes the mark off what was used and evicts the first key without one, and stays where it is.

    A hit is one store. Resists scans: a key that is read once never pushes out one that is read again.
    """

    __slots__ = ("_hand", "_list", "_node_by_key")

    def __init__(self) -> None:
        self._list: LinkedList[K] = LinkedList()
        self._node_by_key: dict[K, VisitedNode[K]] = {}  # of those that came by track_access
        self._hand: Node[K] = self._list.root

    def track_access(self, key: K) -> None:
        node = self._node_by_key.get(key)
        if node is None:
            self._node_by_key[key] = self.admit(key)
        else:
            node.visited = True

    def forget(self, key: K) -> None:
        node = self._node_by_key.pop(key, None)
        if node is not None:
            self.discard(node)

    def evict_key(self) -> K:
        if self._list.tail() is None:
            raise NothingToEvictError(policy="SIEVEPolicy")
        node = self._at_hand(self._hand)
        while node.visited:
            node.visited = False
            node = self._at_hand(node.previous)
        self._hand = node
        self.discard(node)
        self._node_by_key.pop(node.key, None)
        key: K = node.key
        return key

    def admit(self, key: K) -> Any:
        node = VisitedNode(key)
        self._list.push_head(node)
        return node

    def touch(self, handle: Any) -> None:
        handle.visited = True

    def discard(self, handle: Any) -> None:
        if self._hand is handle:
            self._hand = handle.previous
        self._list.unlink(handle)

    def _at_hand(self, node: Any) -> Any:
        """Return the node itself; past the head, the tail."""
        return self._list.root.previous if node is self._list.root else node
