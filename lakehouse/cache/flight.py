"""One piece of work under way, and those who wait for it: all of them together must not wait in a circle."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any

from lakehouse.cache.blocked_threads import Stacks, current_stacks, threads_awaited_by

__all__ = ["Flight", "Waited"]

FIRST_LOOK_SECONDS = 0.05
LAST_LOOK_SECONDS = 30.0
"""A thread that waits looks at the stacks of the others after the first pause, then after pauses twice as long, up
to the last: a look takes time for each thread there is, and many may wait."""

_flight_awaited_by: dict[int, Flight] = {}
"""Which flight each waiting thread waits for, over all caches."""
_graph_lock = threading.Lock()


class Waited(Enum):
    """How waiting for a flight ended."""

    FOR_THE_END = auto()
    IN_A_CIRCLE = auto()
    """The flight ends only after the thread that waits goes on."""
    TOO_LONG = auto()


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

    def end(self) -> None:
        """Let those go on who wait."""
        self.is_over = True
        self.gate.release()

    def wait(self, timeout_seconds: float | None) -> Waited:
        """Wait until the work is over, for ``timeout_seconds`` (None: for ever); notice a circle at once.

        A circle over threads that wait for each other by other means (a pool's future, ``Thread.join``) is
        noticed a moment later; one by means that nobody can see (an Event, a queue) ends by the time-out.
        """
        me = threading.get_ident()
        with _graph_lock:
            if self._ends_after(me, {}):
                return Waited.IN_A_CIRCLE
            _flight_awaited_by[me] = self
        try:
            return self._watch(me, timeout_seconds)
        finally:
            with _graph_lock:
                _flight_awaited_by.pop(me, None)

    def _watch(self, me: int, timeout_seconds: float | None) -> Waited:
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        pause = FIRST_LOOK_SECONDS
        while True:
            left = pause if deadline is None else min(pause, deadline - time.monotonic())
            if self.gate.acquire(timeout=max(left, 0.0)):
                self.gate.release()
                return Waited.FOR_THE_END
            if deadline is not None and time.monotonic() >= deadline:
                return Waited.TOO_LONG
            stacks = current_stacks()
            with _graph_lock:
                if self._ends_after(me, stacks):
                    return Waited.IN_A_CIRCLE
            pause = min(2 * pause, LAST_LOOK_SECONDS)

    def _ends_after(self, thread: int, stacks: Stacks) -> bool:
        """Say whether this flight ends only after ``thread`` goes on. Needs the graph lock."""
        seen: set[int] = set()
        ahead = [] if self.is_over else [self.owner]
        while ahead:
            other = ahead.pop()
            if other == thread:
                return True
            if other not in seen:
                seen.add(other)
                ahead.extend(_threads_ahead_of(other, stacks))
        return False


def _threads_ahead_of(thread: int, stacks: Stacks) -> Iterable[int]:
    flight = _flight_awaited_by.get(thread)
    if flight is not None:
        return [] if flight.is_over else [flight.owner]
    return threads_awaited_by(thread, stacks)


def _start_without_other_threads() -> None:
    global _graph_lock
    _graph_lock = threading.Lock()
    _flight_awaited_by.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_without_other_threads)
