"""Silver: clean rows; work that several tables have in common is done once."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.shared_frames import SharedFrame
from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["SilverCleansePipeline"]


class SilverCleansePipeline(TablePipeline):
    """Shares its first steps with the tables that begin in the same way."""

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        length = self.context.shared_steps.get(self.table.name, 0)
        first, rest = self.table.flow.steps[:length], self.table.flow.steps[length:]
        if not first:
            return super().transform(frame, batch, counter)

        def make() -> SharedFrame:
            made, own = frame, RowCounter()
            for step in first:
                made = self.apply_step(step, made, batch, own)
            return SharedFrame(frame=made, counter=own)

        key = (self.table.flow.source, self.inputs_key(batch), first)
        common = self.context.shared.get(key, make)
        counter.go_on_from(common.counter)
        # Only the last of the shared steps may be one that looks at the table itself.
        frame = self.compare_with_target(first[-1], common.frame, counter)
        return self.apply_steps(frame, rest, batch, counter)
