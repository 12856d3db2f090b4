"""Which cached file goes next, without a look at all of them each time."""

from __future__ import annotations

from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import Digest

__all__ = ["EvictionOrder"]

LEAST_AT_ONCE = 1000


class EvictionOrder:
    """Gives the files of a table by their last use, the earliest first. Needs the host's lock.

    It keeps the earliest quarter in order. A file of these that was used since is passed over: that use, as
    any that is not known here, is later than all that wait here, so the first one left is the one to go.
    """

    __slots__ = ("_queue", "_table")

    def __init__(self) -> None:
        self._table: SlotTable | None = None
        self._queue: list[tuple[int, Digest]] = []
        """The first to go is the last here."""

    def next(self, table: SlotTable) -> int | None:
        """Return the position of the file to go; None when the table is empty."""
        if table is not self._table:
            self._table, self._queue = table, []
        while True:
            while self._queue:
                used_ns, digest = self._queue.pop()
                position = table.find(digest)
                if position is not None and table.used_ns(position) == used_ns:
                    return position
            if not table.files:
                return None
            self._queue = table.earliest(max(table.files >> 2, LEAST_AT_ONCE))
            if not self._queue:
                return None
