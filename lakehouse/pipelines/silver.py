"""Silver: clean rows, each once; work that several tables have in common is done once."""

from __future__ import annotations

import json

from pyspark.sql import DataFrame

from lakehouse.pipelines.batches import Batch
from lakehouse.pipelines.row_counts import RowCounter
from lakehouse.pipelines.shared_frames import SharedFrame
from lakehouse.pipelines.steps import Deduplicate, Step
from lakehouse.pipelines.table_pipeline import TablePipeline

__all__ = ["SilverCleansePipeline"]


class SilverCleansePipeline(TablePipeline):
    """Leaves out rows that the table holds already, and shares its first steps with its neighbours."""

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

        inputs = json.dumps([batch.inputs, batch.pinned], sort_keys=True)
        common = self.context.shared.get((self.table.flow.source, inputs, first), make)
        counter.go_on_from(common.counter)
        # Only the last of the shared steps may be one that looks at the table itself.
        frame = self.after_step(first[-1], common.frame, counter)
        return self.apply_steps(frame, rest, batch, counter)

    def after_step(self, step: Step, frame: DataFrame, counter: RowCounter) -> DataFrame:
        if not isinstance(step, Deduplicate) or not step.against_target or not self.write_mode.keeps_rows:
            return frame
        state = self.log.state()
        if state is None:
            return frame
        held = self.target.read(version=state.version)
        label = f"already in {self.table.name}"
        return counter.around(label, frame, lambda rows: step.without_known(rows, held))
