"""Evict what was not used for longest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import LinkedList, Node

__all__ = ["LRUPolicy"]

K = TypeVar("K", bound=Hashable)


class LRUPolicy(EvictionPolicy[K]):
    """Least recently used: a doubly linked list, most recent at the head; every step O(1)."""

    __slots__ = ("_node_by_key", "_root")

    def __init__(self) -> None:
        self._root = LinkedList[K]().root
        self._node_by_key: dict[K, Node[K]] = {}  # of those that came by track_access

    def track_access(self, key: K) -> None:
        node = self._node_by_key.get(key)
        if node is None:
            node = self._node_by_key[key] = Node(key)
            self.admit(node)
        else:
            self.touch(node)

    def forget(self, key: K) -> None:
        node = self._node_by_key.pop(key, None)
        if node is not None:
            self.discard(node)

    # From here on LinkedList's steps are written out, without calls: two calls more would double a hit's
    # time, and between two calls a signal handler or finalizer could find the ring open.

    def evict_key(self) -> K:
        root = self._root
        tail = root.previous
        if tail is root:
            raise NothingToEvictError(policy="LRUPolicy")
        before = tail.previous
        before.next = root
        root.previous = before
        tail.previous = tail
        tail.next = tail
        if self._node_by_key:
            self._node_by_key.pop(tail.key, None)
        key: K = tail.key
        return key

    def admit(self, node: Node[K]) -> None:
        root = self._root
        head = root.next
        node.previous = root
        node.next = head
        head.previous = node
        root.next = node

    def touch(self, node: Node[K]) -> None:
        root = self._root
        if root.next is node:
            return
        previous = node.previous
        following = node.next
        previous.next = following
        following.previous = previous
        head = root.next
        node.previous = root
        node.next = head
        head.previous = node
        root.next = node

    def discard(self, node: Node[K]) -> None:
        previous = node.previous
        following = node.next
        previous.next = following
        following.previous = previous
        node.previous = node
        node.next = node
