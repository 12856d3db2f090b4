"""LRU by ticks: noting a use is one store, so that it needs no lock; the order is worked out at evictions."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import count
from operator import attrgetter
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.linked_list import Node
from lakehouse.cache.node_policy import NodePolicy

__all__ = ["TickedLRUPolicy"]

K = TypeVar("K", bound=Hashable)

FORGOTTEN = 0
"""A node's mark is the tick of its last use; this value means that it is no longer tracked."""

_tick_of = attrgetter("mark")


class TickedLRUPolicy(NodePolicy[K]):
    """Evicts what LRUPolicy evicts, with uses that any thread may note at any time without a lock.

    Nodes stand in a queue, sorted once by their ticks; who was used since then leaves it when its turn comes,
    and who arrives does not enter it. All those have later ticks than the rest of the queue, so the first that
    was not used since is the one to go. Only an empty queue is sorted again, which costs each eviction little,
    and the one that does it, n log n.
    """

    __slots__ = ("_discarded", "_later", "_own_ticks", "_queue", "_sorted_at", "next_tick")

    def __init__(self) -> None:
        super().__init__()
        self.next_tick = count(1).__next__
        """For those who set a node's mark themselves, to save the call of ``touch``."""
        self._own_ticks = 0
        self._queue: list[Node[K]] = []
        """The first to go is the last here."""
        self._sorted_at = 0
        """The queue's order is that of this tick: later marks are those of nodes that were used since."""
        self._later: list[Node[K]] = []
        self._discarded = 0

    def evict_key(self) -> K:
        while True:
            queue = self._queue
            while queue:
                node = queue.pop()
                tick = node.mark
                if tick > self._sorted_at:
                    self._later.append(node)
                elif tick == FORGOTTEN:
                    self._discarded -= 1
                else:
                    node.mark = FORGOTTEN
                    return self._key_of_evicted(node)
            if not self._later:
                raise NothingToEvictError(policy="TickedLRUPolicy")
            self._sort()

    def admit(self, node: Node[K]) -> None:
        self._own_ticks += 1
        node.mark = self.next_tick()
        self._later.append(node)

    def touch(self, node: Node[K]) -> None:
        if node.mark != FORGOTTEN:
            node.mark = self._own_tick()

    def discard(self, node: Node[K]) -> None:
        if node.mark == FORGOTTEN:
            return
        node.mark = FORGOTTEN
        self._discarded += 1
        if self._discarded > 64 + (len(self._queue) + len(self._later)) // 2:
            self._sort()

    def ticks_of_others(self) -> int:
        """Return how often ``next_tick`` was called from outside."""
        return self._own_tick() - self._own_ticks

    def _own_tick(self) -> int:
        self._own_ticks += 1
        return self.next_tick()

    def _sort(self) -> None:
        """Put all nodes into the queue, and let go of those that were discarded."""
        self._sorted_at = self._own_tick()
        queue = [node for node in self._queue + self._later if node.mark != FORGOTTEN]
        queue.sort(key=_tick_of, reverse=True)
        self._queue = queue
        self._later = []
        self._discarded = 0
