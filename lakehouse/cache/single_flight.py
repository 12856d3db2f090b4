"""Of many threads that need the same thing, one gets it and the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from lakehouse.cache.errors import LoadTimeoutError, RecursiveLoadError
from lakehouse.cache.flight import Flight, Waited
from lakehouse.cache.rehash import rehash

__all__ = ["Flight", "SingleFlight"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """Runs ``work`` once for all threads that ask for a key at the same time; other keys run beside it.

    An Exception of the work is raised in every thread that waited, and is not remembered. If the one that
    works is interrupted (KeyboardInterrupt, SystemExit), one of the waiters takes over.
    """

    __slots__ = ("_lock", "flight_by_key")

    def __init__(self, lock: Any = None) -> None:
        """``lock`` is re-entrant, as a key's ``__eq__`` may call us again; a cache gives its own.

        Two locks here would be taken in either order: from a change of the cache, and from an ``__eq__``.
        """
        self.flight_by_key: dict[K, Flight] = {}
        self._lock = threading.RLock() if lock is None else lock

    def run(
        self,
        key: K,
        work: Callable[[Flight], V],
        on_recursion: Callable[[], V] | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> V:
        """Return what ``work`` returned, here or in another thread. Raises LoadTimeoutError.

        Where waiting would never end, ``on_recursion`` is called; without it, RecursiveLoadError is raised.
        """
        while True:
            flight, is_mine = self._join(key)
            if is_mine:
                return self._lead(key, flight, work)
            if not _is_over(key, flight, timeout_seconds):
                if on_recursion is None:
                    raise RecursiveLoadError(key=key)
                return on_recursion()
            if flight.error is not None:
                raise flight.error
            if flight.has_value:
                value: V = flight.value
                return value

    @contextmanager
    def alone(self, key: K, *, timeout_seconds: float | None = None) -> Iterator[None]:
        """Hold the key, one thread at a time. Raises RecursiveLoadError, LoadTimeoutError."""
        while True:
            flight, is_mine = self._join(key)
            if is_mine:
                break
            if not _is_over(key, flight, timeout_seconds):
                raise RecursiveLoadError(key=key)
        try:
            yield
        finally:
            self._end(key, flight)

    def disown(self, key: K) -> None:
        """Let this key's flight end for those who wait, and drop its result."""
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
            self._end(key, flight)

    def _end(self, key: K, flight: Flight) -> None:
        try:
            with self._lock:
                if self.flight_by_key.get(key) is flight:
                    del self.flight_by_key[key]
                elif any(other is flight for other in self.flight_by_key.values()):
                    for displaced in rehash(self.flight_by_key, without=flight):
                        displaced.is_wanted = False
        finally:
            flight.end()


def _is_over(key: object, flight: Flight, timeout_seconds: float | None) -> bool:
    """Wait until the flight is over; return False at once where that would never be."""
    waited = flight.wait(timeout_seconds)
    if waited is Waited.TOO_LONG and timeout_seconds is not None:
        raise LoadTimeoutError(key=key, timeout_seconds=timeout_seconds)
    return waited is not Waited.IN_A_CIRCLE
