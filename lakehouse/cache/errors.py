"""What can go wrong in a cache or its locks."""

from __future__ import annotations

from lakehouse.errors import LakehouseError

__all__ = ["CacheError", "LockMisuseError", "LockTimeoutError"]


class CacheError(LakehouseError):
    """A cache was asked for something it can't do."""


class LockMisuseError(CacheError):
    """A thread asked a read-write lock for something it would never get, or gave back what it has not."""

    def __init__(self, *, asked: str, held: str, fix: str) -> None:
        self.asked = asked
        self.held = held
        super().__init__(f"This thread asked to {asked} while it holds {held}.", fix=fix)


class LockTimeoutError(CacheError):
    """A lock was not free within the time given."""

    def __init__(self, *, asked: str, timeout_seconds: float) -> None:
        self.asked = asked
        self.timeout_seconds = timeout_seconds
        super().__init__(
            f"Could not {asked} within {timeout_seconds:g} s: other threads hold the lock.",
            fix="give a longer timeout_seconds, or hold the lock for shorter.",
        )
