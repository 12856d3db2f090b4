"""How far the work on a table is, in the middle of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["TaskCounter", "TaskProgress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """What the jobs that work on a table now have done."""

    tasks_done: int
    tasks: int
    rows: int
    """Rows that they have read so far."""
    seconds: float
    """Since the first of them began."""

    @property
    def seconds_left(self) -> float | None:
        """How long these jobs go on, if their other tasks take as long as those that are done; None before one is."""
        if not self.tasks_done:
            return None
        return self.seconds / self.tasks_done * (self.tasks - self.tasks_done)


class TaskCounter(Protocol):
    """Can be asked at any time, from any thread."""

    def __call__(self, table: str) -> TaskProgress | None:
        """Return how far a table is; None where nothing works on it now, or nobody knows."""
