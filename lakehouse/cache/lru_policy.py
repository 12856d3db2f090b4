"""Evict what was not used for longest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import Node

__all__ = ["LRUPolicy"]

K = TypeVar("K", bound=Hashable)


class LRUPolicy(EvictionPolicy[K]):
    """Least recently used: a doubly linked list, most recent at the head; every step O(1)."""

    __slots__ = ("_node_by_key", "_root")

    def __init__(self) -> None:
        self._root: Node[Any] = Node(None)  # a ring: its next is the head, its previous the tail
        self._node_by_key: dict[K, Node[K]] = {}  # of those that came by track_access

    def track_access(self, key: K) -> None:
        node = self._node_by_key.get(key)
        if node is None:
            self._node_by_key[key] = self.admit(key)
        else:
            self.touch(node)

    def forget(self, key: K) -> None:
        node = self._node_by_key.pop(key, None)
        if node is not None:
            self.discard(node)

    def evict_key(self) -> K:
        root = self._root
        tail = root.previous
        if tail is root:
            raise NothingToEvictError(policy="LRUPolicy")
        self.discard(tail)
        if self._node_by_key:
            self._node_by_key.pop(tail.key, None)
        key: K = tail.key
        return key

    # The steps by handle are written out, without calls: two calls more would double a hit's time, and
    # between two calls a signal handler or finalizer could find the ring open.

    def admit(self, key: K) -> Any:
        node = Node(key)
        root = self._root
        head = root.next
        node.previous = root
        node.next = head
        head.previous = node
        root.next = node
        return node

    def touch(self, handle: Any) -> None:
        root = self._root
        head = root.next
        if head is handle:
            return
        previous = handle.previous
        following = handle.next
        previous.next = following
        following.previous = previous
        head = root.next
        handle.previous = root
        handle.next = head
        head.previous = handle
        root.next = handle

    def discard(self, handle: Any) -> None:
        previous = handle.previous
        following = handle.next
        previous.next = following
        following.previous = previous
        handle.previous = handle
        handle.next = handle
