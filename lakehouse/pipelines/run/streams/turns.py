"""The run lock while a stream has micro-batches at work: taken once for all of them, and given back in between."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from lakehouse.pipelines.run.lock import LONGEST_LOOK_SECONDS, RunLock

__all__ = ["PAUSE_SECONDS", "Turns"]

_LONGEST_SECONDS = 10.0
"""So long micro-batches join others that are at work; then they let those end first."""
PAUSE_SECONDS = LONGEST_LOOK_SECONDS + 0.4
"""So long the lock is left to others then: longer than it takes them to look again."""


class Turns:
    """Holds the lock from the first of the micro-batches that overlap to the end of the last one. Thread-safe.

    A run beside the stream has its turn between them, also where lanes are never idle all at once.
    """

    def __init__(
        self,
        lock: RunLock,
        *,
        gives_up: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._lock = lock
        self._gives_up = gives_up
        self._clock = clock
        self._sleep = sleep
        self._changed = threading.Condition()
        self._inside = 0
        self._since = 0.0
        self._held = contextlib.ExitStack()
        self._has_waited = False
        self._owes_a_pause = False

    @contextlib.contextmanager
    def taken(self) -> Iterator[bool]:
        """Have the lock; say whether a run was waited for. Raises RunHeldError at the end of the stream."""
        with self._changed:
            while self._inside and self._clock() - self._since > _LONGEST_SECONDS:
                self._owes_a_pause = True
                self._changed.wait()
            if self._inside == 0:
                self._take()
            self._inside += 1
            has_waited = self._has_waited
        try:
            yield has_waited
        finally:
            with self._changed:
                self._inside -= 1
                if self._inside == 0:
                    try:
                        self._held.close()
                    finally:
                        self._changed.notify_all()

    def _take(self) -> None:
        if self._owes_a_pause:
            self._owes_a_pause = False
            self._sleep(PAUSE_SECONDS)
        self._has_waited = self._held.enter_context(self._lock.in_turn(gives_up=self._gives_up))
        self._since = self._clock()
