"""LRU by ticks: noting a use is one store, so that it needs no lock; the order is worked out at evictions."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable
from itertools import count
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import Node

__all__ = ["TickedLRUPolicy"]

K = TypeVar("K", bound=Hashable)

FORGOTTEN = 0
"""A node's mark is the tick of its last use; this, once it is not tracked any more."""


class TickedLRUPolicy(EvictionPolicy[K]):
    """Evicts what LRUPolicy evicts, with uses that any thread may note at any time without a lock.

    Each key stands in a queue by a tick it had once, which is never later than its tick now. So if the
    first in the queue was not used since, nobody was unused for longer; if it was, it goes back in at its
    new tick. New keys arrive in order (a deque), those that go back don't (a heap).
    """

    __slots__ = ("_arrivals", "_discarded", "_node_by_key", "_own_ticks", "_returned", "next_tick")

    def __init__(self) -> None:
        self.next_tick = count(1).__next__
        """For those who set a node's mark themselves, to save the call of ``touch``."""
        self._own_ticks = 0
        self._node_by_key: dict[K, Node[K]] = {}  # of those that came by track_access
        self._arrivals: deque[tuple[int, Node[K]]] = deque()
        self._returned: list[tuple[int, int, Node[K]]] = []  # with the node's id, as ties can't be compared
        self._discarded = 0

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

    def evict_key(self) -> K:
        arrivals, returned = self._arrivals, self._returned
        while arrivals or returned:
            if arrivals and not (returned and returned[0][0] < arrivals[0][0]):
                queued_tick, node = arrivals.popleft()
            else:
                queued_tick, _, node = heapq.heappop(returned)
            tick = node.mark
            if tick == queued_tick:
                node.mark = FORGOTTEN
                if self._node_by_key:
                    self._node_by_key.pop(node.key, None)
                return node.key
            if tick == FORGOTTEN:
                self._discarded -= 1
            else:
                heapq.heappush(returned, (tick, id(node), node))
        raise NothingToEvictError(policy="TickedLRUPolicy")

    def admit(self, node: Node[K]) -> None:
        self._own_ticks += 1
        tick = node.mark = self.next_tick()
        self._arrivals.append((tick, node))

    def touch(self, node: Node[K]) -> None:
        if node.mark != FORGOTTEN:
            node.mark = self._own_tick()

    def discard(self, node: Node[K]) -> None:
        if node.mark == FORGOTTEN:
            return
        node.mark = FORGOTTEN
        self._discarded += 1
        if self._discarded > 64 + (len(self._arrivals) + len(self._returned)) // 2:
            self._sweep()

    def ticks_of_others(self) -> int:
        """Return how often ``next_tick`` was called from outside."""
        return self._own_tick() - self._own_ticks

    def _own_tick(self) -> int:
        self._own_ticks += 1
        return self.next_tick()

    def _sweep(self) -> None:
        """Let go of discarded keys that still stand in the queues."""
        self._discarded = 0
        self._arrivals = deque(queued for queued in self._arrivals if queued[-1].mark != FORGOTTEN)
        self._returned = [queued for queued in self._returned if queued[-1].mark != FORGOTTEN]
        heapq.heapify(self._returned)
