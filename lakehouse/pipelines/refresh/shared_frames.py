"""Frames that several tables of a run go on from: made once, kept while somebody needs them."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.refresh.row_counts import RowCounter

__all__ = ["SharedFrame", "SharedFrames", "SteppedRows", "shared_prefixes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedRows:
    """Rows after some steps, and what these leave to do once all steps are done."""

    frame: DataFrame
    compared: tuple[tuple[Step, tuple[str, ...]], ...] = ()
    """The steps that compare with the table's own rows, each with the columns that it compares by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFrame:
    """Rows that several tables go on from, and the counts on the way to them."""

    rows: SteppedRows
    counter: RowCounter


class SharedFrames:
    """Holds shared frames by what they were made of. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._frames: dict[Hashable, SharedFrame] = {}

    def get(self, key: Hashable, make: Callable[[], SharedFrame]) -> SharedFrame:
        """Return the frame of ``key``, made and computed by the first who asks; the others wait.

        Its points are counted by the tasks that compute it. Whoever found the rows of a task that isn't over yet
        could end before that task, with points that have counted none of them.
        """
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            if key not in self._frames:
                made = make()
                frame = made.rows.frame.persist()
                try:
                    frame.count()
                except BaseException:
                    frame.unpersist()
                    raise
                rows = dataclasses.replace(made.rows, frame=frame)
                self._frames[key] = SharedFrame(rows=rows, counter=made.counter)
            return self._frames[key]

    def release(self) -> None:
        """Let go of all frames, when the run is over."""
        with self._lock:
            for shared in self._frames.values():
                shared.rows.frame.unpersist()
            self._frames.clear()


def shared_prefixes(
    tables: Iterable[TableDefinition], *, any_steps: Callable[[TableDefinition], bool] = lambda table: True
) -> dict[str, int]:
    """Return by table how many of its first steps another table has too, from the same source.

    Where ``any_steps`` says no, only those count that stand in a view.
    """
    flows = {table.name: table for table in tables}
    counts = Counter(
        (table.flow.source, table.flow.steps[:length])
        for table in flows.values()
        for length in range(1, _shareable(table) + 1)
    )
    return {
        name: max(
            (
                n
                for n in range(1, _shareable(table) + 1)
                if counts[table.flow.source, table.flow.steps[:n]] > 1
                and (any_steps(table) or n in table.ends_of_views)
            ),
            default=0,
        )
        for name, table in flows.items()
    }


def _shareable(table: TableDefinition) -> int:
    """Return how many of a table's first steps have nothing to do with the table itself."""
    steps = table.flow.steps
    return next((at for at, step in enumerate(steps) if step.reads_own_rows), len(steps))
