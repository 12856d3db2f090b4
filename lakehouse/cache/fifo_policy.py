"""Evict what came in first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.linked_list import LinkedList, Node
from lakehouse.cache.node_policy import NodePolicy

__all__ = ["FIFOPolicy"]

K = TypeVar("K", bound=Hashable)


class FIFOPolicy(NodePolicy[K]):
    """First in, first out; a use changes nothing. For data that is read once, in order."""

    __slots__ = ("_list",)

    def __init__(self) -> None:
        super().__init__()
        self._list: LinkedList[K] = LinkedList()

    def evict_key(self) -> K:
        node = self._list.tail()
        if node is None:
            raise NothingToEvictError(policy="FIFOPolicy")
        self._list.unlink(node)
        return self._key_of_evicted(node)

    def admit(self, node: Node[K]) -> None:
        self._list.push_head(node)

    def touch(self, node: Node[K]) -> None:
        pass

    def discard(self, node: Node[K]) -> None:
        self._list.unlink(node)
