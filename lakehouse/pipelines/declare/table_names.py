"""Things by table: a table is asked for by its name, or by ``layer.name``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

__all__ = ["ByTable"]

T = TypeVar("T")


class ByTable(Mapping[str, T]):
    """What was put under each table's own name, also found under its layer and name."""

    def __init__(self, items: Mapping[str, T], *, own_name: Callable[[str], str]) -> None:
        self._items = items
        self._own_name = own_name

    def __getitem__(self, name: str) -> T:
        return self._items[name if name in self._items else self._own_name(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
