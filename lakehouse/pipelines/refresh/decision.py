"""What a refresh is going to do with a table, and why: decided once, shown by ``plan``, done by ``refresh``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from lakehouse.pipelines.declare.sources import Backlog, Inputs
from lakehouse.pipelines.refresh.batches import Batch

__all__ = ["Decision", "Finish", "Rest", "Take"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A batch was decided by an earlier run, and the table does not have it."""

    batch: Batch
    outside_bytes: ClassVar[int | None] = None
    """As of Take: an old batch doesn't tell."""
    backlog: ClassVar[Backlog | None] = None
    """As of Take."""

    @property
    def reason(self) -> str:
        """Why, in a few words."""
        return f"finish batch {self.batch.number}, which an earlier run left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """There is something new, or the result is another."""

    reason: str
    settle: Callable[[], Batch | None]
    """Names the batch exactly; None when a closer look finds nothing new."""
    outside_bytes: int | None = None
    """How much it reads beside the pipeline's own tables; None when that is not known."""
    backlog: Backlog | None = None
    """How much waits to be taken; None when that is not known."""
    left: Callable[[Inputs], Backlog | None] = lambda inputs: None
    """Tells of a batch's inputs how much they leave for the next one; None when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """There is nothing to do."""

    reason: str = "nothing new"
    outside_bytes: ClassVar[int | None] = 0
    backlog: ClassVar[Backlog | None] = None


Decision = Finish | Take | Rest
