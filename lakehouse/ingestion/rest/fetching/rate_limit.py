"""When the next request may be made: requests keep their distance, and all of them wait when the API says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["RateLimit"]


class RateLimit:
    """Gives turns at most ``per_second``; None gives them at once. For the coroutines of one event loop."""

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._distance = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._held_until = 0.0

    async def turn(self) -> None:
        """Wait for a turn."""
        now = self._clock()
        at = max(now, self._next, self._held_until)
        self._next = at + self._distance
        while at > now:
            await self._sleep(at - now)
            now = self._clock()
            at = max(at, self._held_until)  # it may have been held meanwhile

    def hold(self, seconds: float) -> None:
        """Let nobody have a turn for so long: the API asked for it."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        self._next = max(self._next, self._held_until)
