"""LRU by ticks: noting a use is one store, so that it needs no lock; the order is worked out at evictions."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable
from itertools import count
from typing import Any, Generic, TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy

__all__ = ["TickedLRUPolicy"]

K = TypeVar("K", bound=Hashable)


class TickedKey(Generic[K]):
    """A key with the tick of its last use."""

    __slots__ = ("is_tracked", "key", "tick")

    def __init__(self, key: K, tick: int) -> None:
        self.key = key
        self.tick = tick
        self.is_tracked = True

    def __lt__(self, other: TickedKey[K]) -> bool:
        return False  # equal ticks, which only a race without the GIL can make, have no order


class TickedLRUPolicy(EvictionPolicy[K]):
    """Evicts what LRUPolicy evicts, with uses that any thread may note at any time without a lock.

    Each key stands in a queue by a tick it had once, which is never later than its tick now. So if the
    first in the queue was not used since, nobody was unused for longer; if it was, it goes back in at its
    new tick. New keys arrive in order (a deque), those that go back don't (a heap).
    """

    __slots__ = ("_arrivals", "_discarded", "_own_ticks", "_returned", "_ticked_by_key", "next_tick")

    def __init__(self) -> None:
        self.next_tick = count().__next__
        """For those who set a handle's tick themselves, to save the call of ``touch``."""
        self._own_ticks = 0
        self._ticked_by_key: dict[K, TickedKey[K]] = {}  # of those that came by track_access
        self._arrivals: deque[tuple[int, TickedKey[K]]] = deque()
        self._returned: list[tuple[int, TickedKey[K]]] = []
        self._discarded = 0

    def track_access(self, key: K) -> None:
        ticked = self._ticked_by_key.get(key)
        if ticked is None:
            self._ticked_by_key[key] = self.admit(key)
        else:
            self.touch(ticked)

    def forget(self, key: K) -> None:
        ticked = self._ticked_by_key.pop(key, None)
        if ticked is not None:
            self.discard(ticked)

    def evict_key(self) -> K:
        arrivals, returned = self._arrivals, self._returned
        while arrivals or returned:
            if arrivals and not (returned and returned[0] < arrivals[0]):
                queued_tick, ticked = arrivals.popleft()
            else:
                queued_tick, ticked = heapq.heappop(returned)
            if not ticked.is_tracked:
                self._discarded -= 1
            elif ticked.tick == queued_tick:
                ticked.is_tracked = False
                if self._ticked_by_key:
                    self._ticked_by_key.pop(ticked.key, None)
                return ticked.key
            else:
                heapq.heappush(returned, (ticked.tick, ticked))
        raise NothingToEvictError(policy="TickedLRUPolicy")

    def admit(self, key: K) -> Any:
        self._own_ticks += 1
        tick = self.next_tick()
        ticked = TickedKey(key, tick)
        self._arrivals.append((tick, ticked))
        return ticked

    def touch(self, handle: Any) -> None:
        handle.tick = self._own_tick()

    def discard(self, handle: Any) -> None:
        if not handle.is_tracked:
            return
        handle.is_tracked = False
        self._discarded += 1
        if self._discarded > 64 + (len(self._arrivals) + len(self._returned)) // 2:
            self._sweep()

    def ticks_of_others(self) -> int:
        """Return how often ``next_tick`` was called from outside."""
        return self._own_tick() + 1 - self._own_ticks

    def _own_tick(self) -> int:
        self._own_ticks += 1
        return self.next_tick()

    def _sweep(self) -> None:
        """Let go of discarded keys that still stand in the queues."""
        self._discarded = 0
        self._arrivals = deque(queued for queued in self._arrivals if queued[1].is_tracked)
        self._returned = [queued for queued in self._returned if queued[1].is_tracked]
        heapq.heapify(self._returned)
