"""Evict what was not used since the hand last passed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.linked_list import LinkedList, Node
from lakehouse.cache.node_policy import NodePolicy

__all__ = ["SIEVEPolicy"]

K = TypeVar("K", bound=Hashable)

UNUSED, USED = 0, 1
"""A node's mark: whether its key was used since the hand last passed."""


class SIEVEPolicy(NodePolicy[K]):
    """SIEVE (Zhang et al., NSDI '24): a queue in order of arrival; a hand walks from the tail to the head,
    takes the mark off what was used and evicts the first key without one, and stays where it is.

    A hit is one store. Resists scans: a key that is read once never pushes out one that is read again.
    """

    __slots__ = ("_hand", "_list")

    def __init__(self) -> None:
        super().__init__()
        self._list: LinkedList[K] = LinkedList()
        self._hand: Node[K] = self._list.root

    def evict_key(self) -> K:
        if self._list.tail() is None:
            raise NothingToEvictError(policy="SIEVEPolicy")
        node = self._at_hand(self._hand)
        while node.mark == USED:
            node.mark = UNUSED
            node = self._at_hand(node.previous)
        self._hand = node
        self.discard(node)
        return self._key_of_evicted(node)

    def admit(self, node: Node[K]) -> None:
        node.mark = UNUSED
        self._list.push_head(node)

    def touch(self, node: Node[K]) -> None:
        node.mark = USED

    def discard(self, node: Node[K]) -> None:
        if self._hand is node:
            self._hand = node.previous
        self._list.unlink(node)

    def _at_hand(self, node: Node[K]) -> Node[K]:
        """Return the node itself; past the head, the tail."""
        tail: Node[K] = self._list.root.previous
        return tail if node is self._list.root else node
