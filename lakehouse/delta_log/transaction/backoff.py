"""How long to wait after a lost race: decorrelated jitter within a budget of time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Backoff", "Waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits grow at random, so that writers who met once don't meet again. Time ends it, not a count."""

    first_seconds: float = 0.0002
    longest_seconds: float = 0.1
    budget_seconds: float = 120.0
    """Of all waits and tries of one commit together."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def start(self) -> Waiting:
        return Waiting(self)


class Waiting:
    """The waits of one commit."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._previous_seconds = backoff.first_seconds
        self._end = backoff.clock() + backoff.budget_seconds
        self.tries = 1

    def wait(self) -> bool:
        """Sleep, and return True; or return False at once when the budget is spent."""
        backoff = self._backoff
        seconds = random.uniform(backoff.first_seconds, self._previous_seconds * 3)  # noqa: S311 - not a secret
        self._previous_seconds = min(backoff.longest_seconds, seconds)
        if backoff.clock() + self._previous_seconds > self._end:
            return False
        self.tries += 1
        backoff.sleep(self._previous_seconds)
        return True
