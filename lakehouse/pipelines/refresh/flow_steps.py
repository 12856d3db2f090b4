"""The steps of a table's flow, applied to the rows of a batch, with what they take out counted."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import partial

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.context import PinnedTables, RefreshContext
from lakehouse.pipelines.refresh.giving_way import GivingWay
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.shared_frames import SharedFrame, SteppedRows
from lakehouse.pipelines.refresh.target_comparison import TargetComparison
from lakehouse.tables import IWritableDeltaTable, TableLog

__all__ = ["FlowSteps"]


class FlowSteps:
    """Applies the steps of one table. Call ``release`` when a batch's rows are written."""

    def __init__(
        self,
        table: TableDefinition,
        context: RefreshContext,
        *,
        log: TableLog,
        giving_way: GivingWay,
        target: Callable[[], IWritableDeltaTable],
    ) -> None:
        self._table = table
        self._context = context
        self._log = log
        self._giving_way = giving_way
        self._target = target
        self._comparisons: list[TargetComparison] = []

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply all steps, and compare with the table's own rows.

        The first steps are applied once for all tables of the run that have them.
        """
        length = self._context.shared_steps.get(self._table.name, 0)
        first, rest = self._table.all_steps[:length], self._table.all_steps[length:]
        if not first:
            return self._compared(self.apply(frame, rest, batch, counter), counter)

        def make() -> SharedFrame:
            own = RowCounter()
            return SharedFrame(rows=self.apply(frame, first, batch, own), counter=own)

        common = self._context.shared.get((self._table.flow.source, self._inputs_key(batch), first), make)
        counter.go_on_from(common.counter)
        rows = self.apply(common.rows.frame, rest, batch, counter)
        together = SteppedRows(frame=rows.frame, compared=(*common.rows.compared, *rows.compared))
        return self._compared(together, counter)

    def apply(
        self, frame: DataFrame, steps: Sequence[Step], batch: Batch, counter: RowCounter
    ) -> SteppedRows:
        """Apply the steps one after the other; the tables beside them are read at the batch's versions."""
        own = "" if batch.starts_over or batch.rebuilds else self._table.name
        pinned = PinnedTables(context=self._context, versions=batch.pinned, own=own)
        beside = WithViews(tables=pinned, views=self._table.views)
        old_rows = self._giving_way.old_rows(batch)
        compared: list[tuple[Step, tuple[str, ...]]] = []
        newest_us = batch.newest_us or {}
        decided_at = dt.datetime.fromisoformat(batch.planned_at)
        for declared in steps:
            step = declared.in_batch(decided_at=decided_at, newest_us=newest_us)
            if step.compares_with_target(old_rows):
                compared.append((step, tuple(step.compared_columns(frame))))
            if counter.failed_casts.leave_before(step, frame):
                if counter.choices:
                    frame = self.settled(frame)
                    counter.choices.settled()
                frame = counter.failed_casts.set_aside(frame)
            if step.reads_own_rows and counter.choices:
                frame = self.settled(frame)  # the keys are looked at before the rows
                counter.choices.settled()
            for name, condition in step.watched(frame).items():
                frame = counter.watch(name, frame, condition)
            for name, aggregate in step.measured(frame).items():
                frame = counter.measure(name, frame, aggregate)
            before, apply = frame, partial(step.apply, context=beside)
            counts = step.removes_rows or step.makes_rows
            frame = counter.around(step.label, frame, apply, made=step.makes_rows) if counts else apply(frame)
            counter.choices.note(step, before, frame)
            if step.reads_own_rows:
                frame = self.settled(frame)  # by a function of the user's, which is called once for each key
                counter.choices.settled()
        return SteppedRows(frame=frame, compared=tuple(compared))

    def settled(self, frame: DataFrame) -> DataFrame:
        """Return rows that are computed once: for a frame that may choose differently when it is computed again."""
        return self._context.settled.settle(frame, self._target())

    def release(self) -> None:
        """Let go of what comparisons with the table kept in memory."""
        while self._comparisons:
            self._comparisons.pop().release()

    def _compared(self, rows: SteppedRows, counter: RowCounter) -> DataFrame:
        """Leave out the rows for which the table's own stand, compared as they are to be written."""
        if not rows.compared:
            return rows.frame
        comparison = TargetComparison(
            self._log,
            self._target(),
            name=self._table.name,
            old_rows=self._giving_way.write_mode.old_rows,
        )
        self._comparisons.append(comparison)
        return comparison.without_held(rows, counter)

    def _inputs_key(self, batch: Batch) -> str:
        """Return a text that is the same for batches that read the same rows, and do the same to old ones."""
        old_rows = self._giving_way.old_rows(batch)
        said = [batch.inputs, batch.pinned, batch.newest_us, old_rows.value]
        return json.dumps(said, sort_keys=True)
