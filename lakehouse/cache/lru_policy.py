"""Evict what was not used for longest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.linked_list import LinkedList, Node
from lakehouse.cache.node_policy import NodePolicy

__all__ = ["LRUPolicy"]

K = TypeVar("K", bound=Hashable)


class LRUPolicy(NodePolicy[K]):
    """Least recently used: a doubly linked list, most recent at the head; every step O(1)."""

    __slots__ = ("_root",)

    def __init__(self) -> None:
        super().__init__()
        self._root = LinkedList[K]().root

    # LinkedList's steps are written out here, without calls: two calls more would double a hit's time, and
    # between two calls a signal handler or finalizer could find the ring open.

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
        return self._key_of_evicted(tail)

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
