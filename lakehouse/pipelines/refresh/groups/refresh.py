"""Computes what is kept of a table's groups for a batch, and the step's result from it."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.sources import ReadRequest
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.computed import Computed
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.groups.choice import Choice, is_worth_keeping
from lakehouse.pipelines.refresh.groups.grouped_flow import GroupedFlow, grouped_flow
from lakehouse.pipelines.refresh.groups.kept_state import KeptState, KeptStates
from lakehouse.pipelines.refresh.groups.work import ApplySteps, GroupWork
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.tables import SPARK_ERRORS

__all__ = ["GroupRefresh"]


class GroupRefresh:
    """The groups of one table, for a flow that works by them; for another flow it does nothing."""

    def __init__(
        self, table: TableDefinition, context: RefreshContext, *, batches: BatchLog, apply_steps: ApplySteps
    ) -> None:
        self._table = table
        self._context = context
        self._batches = batches
        self._apply_steps = apply_steps
        self._flow = grouped_flow(table)
        self._states = KeptStates(context.warehouse, layer=table.layer, table=table.folder)

    def choose(self, batch: Batch, last: Batch | None) -> Batch:
        """Return the batch with its new rows, where only the groups that these touch are to be computed."""
        choice = Choice(table=self._table, context=self._context, flow=self._flow, states=self._states)
        return choice.of(batch, last)

    def result(self, batch: Batch, request: ReadRequest, counter: RowCounter) -> DataFrame | None:
        """Return the flow's result; None where it is not refreshed by its groups."""
        if not isinstance(self._flow, GroupedFlow) or not is_worth_keeping(self._table, self._context, batch):
            return None
        work = GroupWork.of(self._context, self._table, self._flow, batch, request, self._apply_steps)
        if work is None:
            return None
        kept = self._kept(work, batch)
        counter.begin_with(kept.steps)
        made = work.groups.result(work.read_back(kept))
        return self._apply_steps(made, self._flow.after, batch, counter)

    def finish(self, batch: Batch) -> Computed:
        """Return how the batch's result was computed, and delete what was kept for batches long before."""
        kept = self._states.find(batch) if isinstance(self._flow, GroupedFlow) else None
        if kept is None:
            return Computed(how=batch.how)
        self._states.discard_old()
        return Computed(how=kept.how, counts=kept.counts)

    def _kept(self, work: GroupWork, batch: Batch) -> KeptState:
        ours = self._states.find(batch)
        if ours is not None and work.why_not_from(ours) is None and work.is_readable(ours):
            return ours
        return self._states.keep(batch, self._made(work, batch))

    def _made(self, work: GroupWork, batch: Batch) -> KeptState:
        kept = None
        if batch.added is not None and batch.goes_on_from is not None:
            kept = self._states.find(self._batches.get(batch.goes_on_from).batch)
        folder = self._states.folder_of(batch)
        if kept is None:
            return work.whole(folder, why="nothing is kept")
        if (why := work.why_not_from(kept)) is not None:
            return work.whole(folder, why=why)
        try:
            return work.brought_up_to_date(kept, folder)
        except SPARK_ERRORS:
            if work.is_readable(kept):
                raise
            return work.whole(folder, why="the kept groups can't be read")
