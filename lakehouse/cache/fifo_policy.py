"""Evict what came in first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

from lakehouse.cache.errors import NothingToEvictError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.linked_list import Node

__all__ = ["FIFOPolicy"]

K = TypeVar("K", bound=Hashable)


class FIFOPolicy(EvictionPolicy[K]):
    """First in, first out; a use changes nothing. For data that is read once, in order."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        # A plain dict would walk over the holes at its start again at each eviction.
        self._keys: OrderedDict[K, None] = OrderedDict()

    def track_access(self, key: K) -> None:
        self._keys.setdefault(key, None)

    def forget(self, key: K) -> None:
        self._keys.pop(key, None)

    def evict_key(self) -> K:
        if not self._keys:
            raise NothingToEvictError(policy="FIFOPolicy")
        return self._keys.popitem(last=False)[0]

    def touch(self, node: Node[K]) -> None:
        pass
