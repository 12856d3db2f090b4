"""Evict what was used least often."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import LinkedList, Node

__all__ = ["LFUPolicy"]

K = TypeVar("K", bound=Hashable)


class CountedNode(Node[K]):
    """A node that knows how often its key was used; 0 once its key is forgotten."""

    __slots__ = ("uses",)

    def __init__(self, key: K) -> None:
        super().__init__(key)
        self.uses = 1


class LFUPolicy(EvictionPolicy[K]):
    """Least frequently used; of equals, the least recently used. One list for each count, every step O(1).

    A key that was hot once stays: for work whose favourites don't change.
    """

    __slots__ = ("_fewest", "_list_by_uses", "_node_by_key")

    def __init__(self) -> None:
        self._node_by_key: dict[K, CountedNode[K]] = {}  # of those that came by track_access
        self._list_by_uses: dict[int, LinkedList[K]] = {}
        self._fewest = 1

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
        if not self._list_by_uses:
            raise NothingToEvictError(policy="LFUPolicy")
        if self._fewest not in self._list_by_uses:
            self._fewest = min(self._list_by_uses)  # only after a discard; else touch keeps it right
        node: Any = self._list_by_uses[self._fewest].tail()
        self.discard(node)
        self._node_by_key.pop(node.key, None)
        key: K = node.key
        return key

    def admit(self, key: K) -> Any:
        node = CountedNode(key)
        self._list_by_uses.setdefault(1, LinkedList()).push_head(node)
        self._fewest = 1
        return node

    def discard(self, handle: Any) -> None:
        if handle.uses:
            self._leave_list(handle)
            handle.uses = 0

    def touch(self, handle: Any) -> None:
        if not handle.uses:
            return
        was_last_of_fewest = self._leave_list(handle) and handle.uses == self._fewest
        handle.uses += 1
        if was_last_of_fewest:
            self._fewest = handle.uses
        self._list_by_uses.setdefault(handle.uses, LinkedList()).push_head(handle)

    def _leave_list(self, node: CountedNode[K]) -> bool:
        """Unlink; return whether that emptied (and so removed) the list of the node's count."""
        peers = self._list_by_uses[node.uses]
        peers.unlink(node)
        if peers.tail() is not None:
            return False
        del self._list_by_uses[node.uses]
        return True
