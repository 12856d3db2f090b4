"""How long to keep asking a store that is busy or away, and how long to wait in between."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds one call of a service, with all its tries, in time.

    A try that has begun may still take ``request_timeout_seconds`` after ``within_seconds`` have passed.
    """

    within_seconds: float = 60.0
    """No new try begins later than this after the first."""
    request_timeout_seconds: float = 30.0
    """One request with its answer, body and all."""
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 5.0

    def pause_seconds(self, attempt: int) -> float:
        """Draw the pause after try number ``attempt``, from 0: any part of a bound that doubles each time.

        All of it is random, so that many clients that failed at once don't come back at once ("full jitter",
        AWS Architecture Blog, Exponential Backoff And Jitter).
        """
        bound = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** min(attempt, 30))
        return random.uniform(0, bound)  # noqa: S311 - spreads load, guards nothing
