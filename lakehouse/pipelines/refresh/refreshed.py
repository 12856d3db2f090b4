"""What came of a batch that became part of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.pipelines.declare.sources import Backlog
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.quality import Tally

__all__ = ["Refresh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """One batch that became part of a table."""

    layer: str
    batch: Batch
    version: int
    tally: Tally
    steps: tuple[StepCount, ...]
    seconds: float
    inputs: Mapping[str, object] = field(default_factory=dict)
    """What was read, as the source sums it up."""
    details: Mapping[str, int] = field(default_factory=dict)
    """What the source counts beside rows, such as files."""
    set_aside: Mapping[str, str] = field(default_factory=dict)
    """The inputs that could not be read, each with its reason, by name."""
    is_strict: bool = False
    """Whether a run is to fail where an input is set aside."""
    came_us: int | None = None
    """When the first of its rows came, in microseconds since the epoch; None where nobody knows."""
    waiting: Backlog | None = None
    """What the batch left for the next one when it was decided; None where nobody knows."""

    @property
    def rows_read(self) -> int | None:
        """How many rows came to the first step that is counted; None where the groups of a batch were kept."""
        if self.steps:
            return self.steps[0].rows_in
        return None if "groups" in self.details else self.tally.rows_in
