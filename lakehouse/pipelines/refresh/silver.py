"""Silver: clean rows; work that several tables have in common is done once."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.shared_frames import SharedFrame, SteppedRows
from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["SilverCleansePipeline"]


class SilverCleansePipeline(TablePipeline):
    """Shares its first steps with the tables that begin in the same way."""

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        length = self.context.shared_steps.get(self.table.name, 0)
        first, rest = self.table.all_steps[:length], self.table.all_steps[length:]
        if not first:
            return super().transform(frame, batch, counter)

        def make() -> SharedFrame:
            own = RowCounter()
            return SharedFrame(rows=self.apply_steps(frame, first, batch, own), counter=own)

        common = self.context.shared.get((self.table.flow.source, self.inputs_key(batch), first), make)
        counter.go_on_from(common.counter)
        rows = self.apply_steps(common.rows.frame, rest, batch, counter)
        return self.compare_with_target(
            SteppedRows(frame=rows.frame, compared=(*common.rows.compared, *rows.compared)), counter
        )
