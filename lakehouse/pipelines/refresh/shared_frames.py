"""Frames that several tables of a run go on from: made once, kept while somebody needs them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.refresh.row_counts import RowCounter

__all__ = ["SharedFrame", "SharedFrames", "shared_prefixes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFrame:
    """A persisted frame, and the counts on the way to it."""

    frame: DataFrame
    counter: RowCounter


class SharedFrames:
    """Holds shared frames by what they were made of. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: dict[Hashable, SharedFrame] = {}

    def get(self, key: Hashable, make: Callable[[], SharedFrame]) -> SharedFrame:
        """Return the frame of ``key``, made by the first who asks."""
        with self._lock:
            if key not in self._frames:
                made = make()
                self._frames[key] = SharedFrame(frame=made.frame.persist(), counter=made.counter)
            return self._frames[key]

    def release(self) -> None:
        """Let go of all frames, when the run is over."""
        with self._lock:
            for shared in self._frames.values():
                shared.frame.unpersist()
            self._frames.clear()


def shared_prefixes(tables: Iterable[TableDefinition]) -> dict[str, int]:
    """Return by table how many of its first steps another table has too, from the same source.

    A prefix ends with its first step that looks at the table's own rows: what follows depends on them.
    """
    flows = {table.name: (table.flow.source, _sharable(table.flow.steps)) for table in tables}
    counts = Counter(
        (source, steps[:length]) for source, steps in flows.values() for length in range(1, len(steps) + 1)
    )
    return {
        name: max((n for n in range(1, len(steps) + 1) if counts[source, steps[:n]] > 1), default=0)
        for name, (source, steps) in flows.items()
    }


def _sharable(steps: Sequence[Step]) -> tuple[Step, ...]:
    ends = [position for position, step in enumerate(steps) if step.compares_with_target]
    return tuple(steps[: ends[0] + 1]) if ends else tuple(steps)
