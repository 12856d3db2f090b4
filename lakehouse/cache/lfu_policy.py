"""Evict what was used least often."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.linked_list import LinkedList, Node
from lakehouse.cache.node_policy import NodePolicy

__all__ = ["LFUPolicy"]

K = TypeVar("K", bound=Hashable)

FORGOTTEN = 0
"""A node's mark is how often its key was used; this value means that it is no longer tracked."""


class LFUPolicy(NodePolicy[K]):
    """Least frequently used; of equals, the least recently used. One list for each count, every step O(1).

    A key that was hot once stays: for work whose favourites don't change.
    """

    __slots__ = ("_fewest", "_list_by_uses")

    def __init__(self) -> None:
        super().__init__()
        self._list_by_uses: dict[int, LinkedList[K]] = {}
        self._fewest = 1

    def evict_key(self) -> K:
        if not self._list_by_uses:
            raise NothingToEvictError(policy="LFUPolicy")
        if self._fewest not in self._list_by_uses:
            self._fewest = min(self._list_by_uses)  # only after a discard; else touch keeps it right
        node: Any = self._list_by_uses[self._fewest].tail()
        self.discard(node)
        return self._key_of_evicted(node)

    def admit(self, node: Node[K]) -> None:
        node.mark = self._fewest = 1
        self._list_by_uses.setdefault(1, LinkedList()).push_head(node)

    def touch(self, node: Node[K]) -> None:
        if node.mark == FORGOTTEN:
            return
        was_last_of_fewest = self._leave_list(node) and node.mark == self._fewest
        node.mark += 1
        if was_last_of_fewest:
            self._fewest = node.mark
        self._list_by_uses.setdefault(node.mark, LinkedList()).push_head(node)

    def discard(self, node: Node[K]) -> None:
        if node.mark != FORGOTTEN:
            self._leave_list(node)
            node.mark = FORGOTTEN

    def _leave_list(self, node: Node[K]) -> bool:
        """Unlink; return whether that emptied (and so removed) the list of the node's count."""
        peers = self._list_by_uses[node.mark]
        peers.unlink(node)
        if peers.tail() is not None:
            return False
        del self._list_by_uses[node.mark]
        return True
