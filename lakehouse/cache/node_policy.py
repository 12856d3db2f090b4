"""What the policies share whose order is one of nodes: a node for each key that comes without one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import Node

__all__ = ["NodePolicy"]

K = TypeVar("K", bound=Hashable)


class NodePolicy(EvictionPolicy[K]):
    """An EvictionPolicy by ``admit``, ``touch`` and ``discard``; its caller's keys find their nodes here."""

    __slots__ = ("_node_by_key",)

    def __init__(self) -> None:
        self._node_by_key: dict[K, Node[K]] = {}
        """Of the keys that came by ``track_access``; those that came with a node are not here."""

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

    @abstractmethod
    def admit(self, node: Node[K]) -> None: ...

    @abstractmethod
    def touch(self, node: Node[K]) -> None: ...

    @abstractmethod
    def discard(self, node: Node[K]) -> None: ...

    def _key_of_evicted(self, node: Node[K]) -> K:
        if self._node_by_key:
            self._node_by_key.pop(node.key, None)
        return node.key
