"""Gold: results; of groups of rows only those that new rows touch are computed again."""

from __future__ import annotations

from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.computed import Computed
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.groups import GroupRefresh
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["GoldAggregationPipeline"]


class GoldAggregationPipeline(TablePipeline):
    """Computes each result for itself: from all rows, or from new ones and what it kept of the others' groups."""

    refreshes_by_groups: ClassVar[bool] = True

    def __init__(self, table: TableDefinition, context: RefreshContext) -> None:
        super().__init__(table, context)
        self._groups = GroupRefresh(table, context, batches=self.batches, apply_steps=self.apply_steps)

    def choose(self, batch: Batch, last: Batch | None) -> Batch:
        return self._groups.choose(super().choose(batch, last), last)

    def compute(self, batch: Batch, counter: RowCounter, *, reading_again: bool) -> DataFrame:
        request = self.request(batch, reading_again=reading_again)
        result = self._groups.result(batch, request, counter)
        if result is None:
            return super().compute(batch, counter, reading_again=reading_again)
        return result

    def finish(self, batch: Batch) -> Computed:
        return self._groups.finish(batch)
