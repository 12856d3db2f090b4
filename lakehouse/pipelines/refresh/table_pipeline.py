"""How a table is refreshed: the order of the work, the same in every layer (Template Method)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import ReadRequest
from lakehouse.pipelines.declare.steps import Step, goes_row_by_row
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.computed import Computed
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.decider import Decider
from lakehouse.pipelines.refresh.decision import Decision, Finish, Take
from lakehouse.pipelines.refresh.event_times import EventTimes
from lakehouse.pipelines.refresh.flow_steps import FlowSteps
from lakehouse.pipelines.refresh.giving_way import GivingWay
from lakehouse.pipelines.refresh.judged_rows import JudgedRows, judged
from lakehouse.pipelines.refresh.noted_measures import NotedMeasures
from lakehouse.pipelines.refresh.publication import Publication, write_rows
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.refresh.repeated_keys import each_key_once
from lakehouse.pipelines.refresh.row_counts import RowCounter, StepCount
from lakehouse.pipelines.refresh.rule_context import BatchRules
from lakehouse.pipelines.refresh.staged_batches import StagedBatch, StagedBatches
from lakehouse.pipelines.refresh.table_schema import TableSchema
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.pipelines.refresh.touched_parts import TouchedParts
from lakehouse.quality import CAST_ERRORS, Fit, RuleAction, Tally, WholeExpectationFailedError
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    Published,
    StagedRows,
    TableState,
    describe,
)

__all__ = ["TablePipeline"]

_log = logging.getLogger(__name__)

_QUICK_BYTES = 2**20


class TablePipeline:
    """Refreshes one table: decide → read → transform → judge → publish, batch by batch.

    A layer overrides the steps that are its own. Whatever it does, a batch is decided before its rows are
    read, rules are decided before anything is written, and the rows become visible in one commit.
    """

    refreshes_by_groups: ClassVar[bool] = False
    """Whether results may be brought up to date from new rows."""
    shares_steps: ClassVar[bool] = False
    """Whether any first steps that tables have in common are applied once; those of a view always are."""

    def __init__(self, table: TableDefinition, context: RefreshContext) -> None:
        self.table = table
        self.context = context
        self.log = context.log(table.name)
        self.batches = BatchLog(context.warehouse.storage, layer=table.layer, table=table.folder)
        self.staged = StagedBatches(context.warehouse.storage, layer=table.layer, table=table.folder)
        self._schema = TableSchema(table=table, warehouse=context.warehouse)
        self._measures = NotedMeasures(
            context.warehouse.storage, self.batches, layer=table.layer, table=table.folder
        )
        self._event_times = EventTimes(
            table,
            NotedMeasures(
                context.warehouse.storage,
                self.batches,
                layer=table.layer,
                table=table.folder,
                kind="event_times",
            ),
        )
        self.condensed = CondensedHistories(context.warehouse.storage, layer=table.layer, table=table.folder)
        self._decider = Decider(
            table,
            context,
            batches=self.batches,
            condensed=self.condensed,
            staged=self.staged,
            has_news=self.has_news,
            choose=self.choose,
        )
        self._giving_way = GivingWay(table=table, parts=self._parts_by(table.flow.write_mode))
        self._steps = FlowSteps(
            table, context, log=self.log, giving_way=self._giving_way, target=lambda: self.target
        )
        self._publication = Publication(
            table,
            context,
            log=self.log,
            staged=self.staged,
            giving_way=self._giving_way,
            write=lambda target, rows, batch: self.publish(target, rows, batch),
        )

    @property
    def target(self) -> IWritableDeltaTable:
        """The table itself, through the run's session."""
        return self.context.table(self.table.name)

    @property
    def write_mode(self) -> WriteMode:
        """How the rows are written."""
        return self._giving_way.write_mode

    def old_rows(self, batch: Batch) -> OldRows:
        """Return what becomes of the table's rows when it takes the batch."""
        return self._giving_way.old_rows(batch)

    # What is there to do

    def decide(self) -> Decision:
        """Say what a refresh does now, and why, from logs and listings: no data is read and nothing is written."""
        return self._decider.decide()

    def has_news(self, batch: Batch, last: Batch) -> bool:
        """Say whether ``batch`` would read anything that ``last`` did not, or make another result of it."""
        redefined = self.write_mode.rebuilt_when_redefined and batch.fingerprint != last.fingerprint
        return redefined or (batch.inputs, batch.pinned) != (last.inputs, last.pinned)

    def choose(self, batch: Batch, last: Batch | None) -> Batch:
        """Return the batch with what is to be known of how it goes on from the last one."""
        parts = self._giving_way.parts
        batch = self._event_times.chosen(batch)
        return batch if parts is None else parts.choose(batch, last)

    @property
    def is_redefined(self) -> bool:
        """Whether the flow is not the one that the last batch was decided with."""
        return self._decider.is_redefined

    @property
    def newest_batch(self) -> Batch | None:
        """The newest batch, whether the table has it or not; None when there is none."""
        return self._decider.newest

    def taken(self, last: int | None) -> TakenBatches:
        """Return the batches that the table is made of when ``last`` is the one that it took last."""
        return TakenBatches(self.batches, self.condensed, last=last)

    # The template

    def refresh(self, decision: Decision) -> tuple[Refresh, ...]:
        """Do what was decided and return what came of it; after an unfinished batch, take what is new too."""
        done = []
        self.tidy()
        if isinstance(decision, Finish):
            done.append(self._process(self.batches.decide(decision.batch), reading_again=True))
            decision = self.decide()
        if isinstance(decision, Take) and (batch := decision.settle()) is not None:
            taken = self._process(self.batches.decide(batch))
            done.append(dataclasses.replace(taken, waiting=decision.left(taken.batch.inputs)))
        self.describe()
        if not done:
            self.check_at_rest()
        else:
            self.taken(done[-1].batch.number).condense(self.table.flow.source)
        for refresh in done:
            self.table.flow.source.committed(self.context, refresh.batch.inputs)
        return tuple(done)

    def tidy(self) -> None:
        """Do behind the last batch what a run that was stopped left undone."""
        state = self.log.state()
        last = state.last_taken(self.context.flow_id(self.table.name)) if state is not None else None
        if last is not None and self.table.flow.source.acts_after_commit:
            self.table.flow.source.committed(self.context, self.batches.get(last).batch.inputs)

    def describe(self) -> None:
        """Give the table the comments and properties that are declared and that it lacks."""
        describe(self.log, self.table.options.description)
        self._schema.keep_contract()

    def check_at_rest(self) -> None:
        """Judge what time alone can break, from the log. Raises WholeExpectationFailedError for a fatal rule."""
        if self.log.state() is None:
            return
        context = self._rules_about(self.context.clock(), {})
        for rule in self.table.flow.rules:
            if (reason := rule.why_broken_at_rest(context)) is None:
                continue
            if rule.action_on_rows is RuleAction.FAIL:
                raise WholeExpectationFailedError(table=self.table.name, rule=rule.name, reason=reason)
            _log.warning("%s breaks the rule %s: %s", self.table.name, rule.name, reason)

    def _rules_about(self, now: dt.datetime, versions: Mapping[str, int], **more: Any) -> BatchRules:
        return BatchRules(self.context, self.table, self.write_mode, versions=versions, now=now, **more)

    def _parts_by(self, mode: WriteMode | None) -> TouchedParts | None:
        if mode is None or mode.part is None:
            return None

        def apply_steps(frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
            return self.apply_steps(frame, self.table.all_steps, batch, counter)

        return TouchedParts(table=self.table, context=self.context, column=mode.part, apply_steps=apply_steps)

    def _process(self, batch: Batch, *, reading_again: bool = False) -> Refresh:
        started = time.monotonic()
        self._done("batch")
        batch, staged = self._as_it_stands(batch, reading_again=reading_again)
        self._publication.remove_abandoned(batch)
        self._schema.begin(self.target, batch)
        parts = self._giving_way.parts
        if staged is None:
            counter = RowCounter()
            try:
                frame = self.compute(batch, counter, reading_again=reading_again)
                rows = self.validate(frame, batch, counter)
                if rows.quarantined is None and rows.tally is None and rows.counting is None:
                    return self._publish_unjudged(rows, batch, counter, started)
                staged = self._publication.stage(rows, batch, counter)
            finally:
                self._steps.release()
        elif parts is not None and staged.replaces is not None:
            parts.conditions[batch.number] = staged.replaces
        # Before the commit: whoever takes the next batch knows of this one only what was written down.
        self._event_times.keep(batch, staged.newest_us)
        self._done("validate")
        published = self._publication.publish(staged, batch)
        staged.discard()
        self.staged.forget_before(batch.number)
        self.staged.sweep(self.log.path)
        if (changes := self._publication.changes) is not None:
            changes.state.compact()
        refreshed = self._refreshed(
            batch, published, staged.tally, staged.steps, started, kept_beside=staged.beside
        )
        return dataclasses.replace(refreshed, came_us=staged.came_us)

    def _as_it_stands(self, batch: Batch, *, reading_again: bool) -> tuple[Batch, StagedBatch | None]:
        """Return the batch, and its rows if they are judged; instead of inputs that can't be read, another batch.

        That one follows the same batch and sets these inputs aside: the table takes only one of the two.
        """
        staged = self.staged.find(batch.number)
        if staged is not None:
            return batch, staged
        request = self.request(batch, reading_again=reading_again)
        inputs = self.table.flow.source.as_they_stand(self.context, request)
        if inputs is None:
            return batch, None
        other = msgspec.structs.replace(
            batch, number=batch.number + 1, follows=batch.predecessor, inputs=dict(inputs)
        )
        return self._as_it_stands(self.batches.decide(other), reading_again=reading_again)

    def _publish_unjudged(
        self, rows: JudgedRows, batch: Batch, counter: RowCounter, started: float
    ) -> Refresh:
        self._done("validate")
        published = self._publication.publish_unjudged(rows.kept, batch)
        # Rows that somebody else published were never looked at here.
        ours = isinstance(published, Published)
        steps, watched = (counter.steps(), counter.watched()) if ours else ((), {})
        tally = rows.counted_while_written(ours=ours).with_broken(watched)
        return self._refreshed(batch, published, tally, steps, started)

    def _refreshed(
        self,
        batch: Batch,
        published: Published | AlreadyPublished,
        tally: Tally,
        steps: tuple[StepCount, ...],
        started: float,
        *,
        kept_beside: StagedRows | None = None,
    ) -> Refresh:
        source = self.table.flow.source
        source.taken(self.context, self.table.name, batch.inputs)
        beside = {} if kept_beside is None else {"changes_kept": kept_beside.row_count}
        computed = self.finish(batch)
        how = {"refresh": computed.how} if computed.how else {}
        return Refresh(
            layer=self.table.layer,
            batch=batch,
            version=published.version,
            tally=tally,
            steps=steps,
            seconds=time.monotonic() - started,
            inputs={**source.summary(batch.inputs), **how},
            details={**source.counts(batch.inputs), **computed.counts, **beside},
            set_aside=source.set_aside(batch.inputs),
            is_strict=self.table.options.strict,
        )

    def compute(self, batch: Batch, counter: RowCounter, *, reading_again: bool) -> DataFrame:
        """Return the rows that reach the table's rules."""
        parts = self._giving_way.parts
        if parts is not None and not parts.replaces_all(batch):
            return parts.rows(batch, self.request(batch, reading_again=reading_again), counter)
        frame = self.read(batch, reading_again=reading_again)
        came_us = self.table.flow.source.came_us(frame)
        if came_us is not None and not self.context.shared_steps.get(self.table.name):
            frame = counter.watch_arrival(frame, came_us)  # of shared frames another table's may be computed
        return self.transform(frame, batch, counter)

    def finish(self, batch: Batch) -> Computed:
        """Clean up behind a batch that the table has, and return how its result was computed."""
        return Computed(how=batch.how)

    def read(self, batch: Batch, *, reading_again: bool = False) -> DataFrame:
        """Return the batch's rows, the same ones whenever it is asked."""
        return self.table.flow.source.read(self.context, self.request(batch, reading_again=reading_again))

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply the flow's steps and compare with the table's own rows; what is taken out is counted."""
        return self._steps.transform(frame, batch, counter)

    def apply_steps(
        self, frame: DataFrame, steps: Sequence[Step], batch: Batch, counter: RowCounter
    ) -> DataFrame:
        """Apply some of the flow's steps, and compare with nothing."""
        return self._steps.apply(frame, steps, batch, counter).frame

    def validate(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> JudgedRows:
        """Check the schema, and decide by the rules what becomes of each row, in one pass over them."""
        held = None if batch.rebuilds else self.log.state()
        fit = self.check_schema(self._shown(frame.drop(CAST_ERRORS)), held)
        context = self._rules_about(
            dt.datetime.fromisoformat(batch.planned_at),
            batch.pinned,
            old_rows=self.old_rows(batch),
            earlier=partial(self._measures.earlier, batch),
        )
        rows = judged(
            fit.applied(frame),
            (*self.table.flow.rules, *self.write_mode.rules(self.table.location)),
            counter,
            table=self.table.name,
            context=context,
            settle=self._steps.settled,
            while_written=self._is_read_again_quickly(batch, frame) and not self.write_mode.looks_at_rows,
            contract=fit.expectations(location=self.table.location),
            marks=fit.marks,
        )
        try:
            self._measures.keep(batch, context.noted)
            if once_by := self.write_mode.once_by:
                rows = each_key_once(rows, once_by, counter, table=self.table.name)
            if (changes := self._publication.changes) is not None:
                rows = changes.decided(rows, batch, counter)
            return rows.with_rejected(self.table.flow.source.rejected(self.context, self.request(batch)))
        except BaseException:
            rows.release()
            raise

    def _is_read_again_quickly(self, batch: Batch, frame: DataFrame) -> bool:
        """Say whether to compute the batch's rows twice takes less than to keep them between.

        They are few, or each comes of one row that is read. They are read from versions of tables: what lies
        outside may change between two looks.
        """
        source = self.table.flow.source
        if not source.tables():
            return False
        size_bytes = source.size_bytes(self.context, batch.inputs)
        return (size_bytes is not None and size_bytes <= _QUICK_BYTES) or goes_row_by_row(frame)

    def _shown(self, frame: DataFrame) -> StructType:
        return self.write_mode.shown(frame).schema

    def publish(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        """Write the rows in one commit with the batch's transaction: with it, the batch is done.

        It is the last of the batch's commits; that of the quarantine comes before it.
        """
        self._schema.take(target, rows.schema, self.old_rows(batch))
        return write_rows(target, rows, batch, self._giving_way)

    def replaced_rows(self, batch: Batch) -> str | None:
        """Return the SQL condition of the table's rows that give way to the batch's; None where none or all do."""
        return self._giving_way.condition(batch)

    def check_schema(self, found: StructType, state: TableState | None) -> Fit:
        """Return how rows of this schema come into the table. Raises SchemaMismatchError where they can't."""
        return self._schema.fit(found, state)

    def request(self, batch: Batch, *, reading_again: bool = False) -> ReadRequest:
        """Return what the batch asks its source for."""
        return ReadRequest(
            table=self.table.name,
            inputs=batch.inputs,
            decided_at=dt.datetime.fromisoformat(batch.planned_at),
            reading_again=reading_again,
        )

    def _done(self, step: str) -> None:
        self.context.on_step(self.table.name, step)
