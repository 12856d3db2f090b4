"""The doubly linked list under the policies: every change is a few stores, whatever its length."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

__all__ = ["LinkedList", "Node"]

K = TypeVar("K", bound=Hashable)


class Node(Generic[K]):
    """A key with room for its neighbours in a list, and for a policy's mark on it.

    Out of a list it is its own neighbour, so that unlinking it twice is harmless.
    """

    __slots__ = ("key", "mark", "next", "previous")

    key: K
    mark: int
    """The policy's own value: a count of uses, a tick, or a flag."""
    next: Any
    previous: Any

    def __init__(self, key: K) -> None:
        self.key = key


class LinkedList(Generic[K]):
    """A ring of nodes around a root: the root's next is the head, its previous the tail."""

    __slots__ = ("root",)

    def __init__(self) -> None:
        root: Node[Any] = Node(None)
        root.next = root.previous = root
        self.root = root

    def push_head(self, node: Node[K]) -> None:
        """Put a node that is in no list before all others."""
        root = self.root
        head = root.next
        node.previous = root
        node.next = head
        head.previous = node
        root.next = node

    def unlink(self, node: Node[K]) -> None:
        """Take a node out of whatever list it is in."""
        previous = node.previous
        following = node.next
        previous.next = following
        following.previous = previous
        node.previous = node
        node.next = node

    def tail(self) -> Node[K] | None:
        """Return the node farthest from the head."""
        last: Node[K] = self.root.previous
        return None if last is self.root else last
