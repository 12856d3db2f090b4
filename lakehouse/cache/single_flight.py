"""Of many threads that need the same thing, one gets it and the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from lakehouse.cache.errors import RecursiveLoadError

__all__ = ["Flight", "SingleFlight"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_flight_awaited_by: dict[int, Flight] = {}
"""Which flight each waiting thread waits for, over all caches: a circle here would never end."""
_graph_lock = threading.Lock()


class Flight:
    """One piece of work under way: who does it, and what came of it."""

    __slots__ = ("error", "gate", "has_value", "is_over", "is_wanted", "owner", "value")

    def __init__(self) -> None:
        self.owner = threading.get_ident()
        self.gate = threading.Lock()  # held until the work is over; half the price of an Event
        self.gate.acquire()
        self.is_over = False
        self.has_value = False
        self.is_wanted = True
        self.value: Any = None
        self.error: Exception | None = None

    def would_wait_for(self, thread: int) -> bool:
        """Say whether this flight ends only after ``thread`` goes on. Needs the graph lock."""
        flight: Flight | None = self
        while flight is not None and not flight.is_over:
            if flight.owner == thread:
                return True
            flight = _flight_awaited_by.get(flight.owner)
        return False


class SingleFlight(Generic[K, V]):
    """Runs ``work`` once for all threads that ask for a key at the same time; other keys run beside it.

    An Exception of the work is raised in every thread that waited, and is not remembered. If the one that
    works is interrupted (KeyboardInterrupt, SystemExit), one of the waiters takes over.
    """

    __slots__ = ("_lock", "flight_by_key")

    def __init__(self) -> None:
        self.flight_by_key: dict[K, Flight] = {}
        self._lock = threading.RLock()  # a key's __eq__ may call us again

    def run(self, key: K, work: Callable[[Flight], V], on_recursion: Callable[[], V] | None = None) -> V:
        """Return what ``work`` returned, here or in another thread.

        Where waiting would never end, ``on_recursion`` is called; without it, RecursiveLoadError is raised.
        """
        while True:
            flight, is_mine = self._join(key)
            if is_mine:
                return self._lead(key, flight, work)
            if not self._wait(flight):
                if on_recursion is None:
                    raise RecursiveLoadError(key=key)
                return on_recursion()
            if flight.error is not None:
                raise flight.error
            if flight.has_value:
                value: V = flight.value
                return value

    def disown(self, key: K) -> None:
        """Let this key's flight end for those who wait, with a result that is no longer wanted."""
        with self._lock:
            flight = self.flight_by_key.pop(key, None)
            if flight is not None:
                flight.is_wanted = False

    def disown_all(self) -> None:
        """Do so for every key."""
        with self._lock:
            for flight in self.flight_by_key.values():
                flight.is_wanted = False
            self.flight_by_key.clear()

    def _join(self, key: K) -> tuple[Flight, bool]:
        with self._lock:
            flight = self.flight_by_key.get(key)
            if flight is not None:
                return flight, False
            flight = self.flight_by_key[key] = Flight()
            return flight, True

    def _lead(self, key: K, flight: Flight, work: Callable[[Flight], V]) -> V:
        try:
            value = flight.value = work(flight)
        except Exception as error:
            flight.error = error
            raise
        else:
            flight.has_value = True
            return value
        finally:
            with self._lock:
                if self.flight_by_key.get(key) is flight:
                    del self.flight_by_key[key]
            flight.is_over = True
            flight.gate.release()

    def _wait(self, flight: Flight) -> bool:
        """Wait until the flight is over; return False at once if that would never be."""
        me = threading.get_ident()
        with _graph_lock:
            if flight.would_wait_for(me):
                return False
            _flight_awaited_by[me] = flight
        try:
            with flight.gate:
                return True
        finally:
            with _graph_lock:
                del _flight_awaited_by[me]
