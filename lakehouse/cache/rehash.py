"""Find again what a dict hides: an item whose key hashes differently now than when it came in."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

__all__ = ["rehash"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def rehash(mapping: dict[K, V], *, without: V) -> list[V]:
    """Put every item under the hash that its key has now, one value left out; in place, as others hold the dict.

    Return the values that found another one under an equal key, and are not in the dict any more.
    """
    items = list(mapping.items())
    mapping.clear()
    displaced = []
    for key, value in items:
        if value is not without and mapping.setdefault(key, value) is not value:
            displaced.append(value)
    return displaced
