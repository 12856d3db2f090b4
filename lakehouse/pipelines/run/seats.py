"""How many tables are in work at once: one that waits for something other than Spark gives up its seat meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Seats"]


class Seats:
    """So many tables work side by side, beside any number that wait. Thread-safe."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._coming_back = 0
        self._is_open = False
        self._changed = threading.Condition()

    def take(self) -> bool:
        """Take a seat for a table that begins; False where all are taken, or a table waits to come back to one."""
        with self._changed:
            if self._free - self._coming_back <= 0:
                return False
            self._free -= 1
            return True

    def leave(self) -> None:
        """Give a seat back."""
        with self._changed:
            self._free += 1
            self._changed.notify()

    def open_to_all(self) -> None:
        """Let tables that wait come back whether or not there is a seat: the run ends."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the seat to another table while this one waits; go on when there is one again."""
        self.leave()
        try:
            yield
        finally:
            self._come_back()

    def _come_back(self) -> None:
        with self._changed:
            self._coming_back += 1
            try:
                self._changed.wait_for(lambda: self._free > 0 or self._is_open)
                self._free -= 1
            finally:
                self._coming_back -= 1
