"""How far event time has come: noted with each batch, and written into the next one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.noted_measures import NotedMeasures

__all__ = ["EventTimes"]


class EventTimes:
    """The newest event times of one table's batches; nothing for a table whose steps ask for none.

    What is noted of a batch is the newest of it and of all batches before, so that one note tells all.
    """

    def __init__(self, table: TableDefinition, measures: NotedMeasures) -> None:
        self._columns = frozenset(name for step in table.all_steps for name in step.event_times)
        self._measures = measures

    def chosen(self, batch: Batch) -> Batch:
        """Return the batch with the newest event times of those before; the first batch of a table has none."""
        newest_us = self._earlier(batch)
        return msgspec.structs.replace(batch, newest_us=newest_us) if newest_us else batch

    def keep(self, batch: Batch, newest_us: Mapping[str, int]) -> None:
        """Note how far event time has come with a batch whose rows are judged."""
        together = self._earlier(batch)
        for column, found_us in newest_us.items():
            together[column] = max(found_us, together.get(column, found_us))
        self._measures.keep(batch, together)

    def _earlier(self, batch: Batch) -> dict[str, int]:
        found = {column: self._measures.earlier(batch, column, 1) for column in sorted(self._columns)}
        return {column: int(newest[0]) for column, newest in found.items() if newest}
