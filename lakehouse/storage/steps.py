"""Work on an object store as steps: requests go out, answers come in, and nobody here knows how.

A generator yields a request (a function of a client) and is sent the answer. So retries, and the questions
after a put that got no answer, are written once for callers that block and for those that await, and a test
can drive them with any client and any clock.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from lakehouse.storage.errors import ThrottledError, UnreachableError
from lakehouse.storage.object_client import Found
from lakehouse.storage.retries import RetryPolicy

__all__ = ["PatientSteps", "Request", "Steps", "sleep"]

T = TypeVar("T")
Request: TypeAlias = Callable[[Any], Any]
"""Takes an ``ObjectClient`` or an ``AsyncObjectClient``; the driver awaits what the second returns."""
Steps: TypeAlias = Generator[Request, Any, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSteps:
    """Asks again while a store is busy or away, within the policy's time."""

    store: str
    """For errors."""
    policy: RetryPolicy
    clock: Callable[[], float] = time.monotonic

    def ask(self, request: Request, *, deadline: float | None = None) -> Steps[Any]:
        """Return the answer of a request that may be made twice. Raises what its last try raised."""
        end = self.clock() + self.policy.within_seconds if deadline is None else deadline
        for attempt in itertools.count():
            try:
                return (yield request)
            except (ThrottledError, UnreachableError):
                pause = self.policy.pause_seconds(attempt)
                if self.clock() + pause > end:
                    raise
            yield sleep(pause)
        raise AssertionError  # the loop has no other end

    def look(self, key: str, *, deadline: float | None = None) -> Steps[Found | None]:
        """Return what holds the key now."""
        found: Found | None = yield from self.ask(lambda client: client.head(key), deadline=deadline)
        return found


def sleep(seconds: float) -> Request:
    """Return the request to do nothing for a while."""
    return lambda client: client.sleep(seconds)
