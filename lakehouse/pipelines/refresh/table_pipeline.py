"""How a table is refreshed: the order of the work, the same in every layer (Template Method)."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import msgspec
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import SOURCE_FILE, ReadRequest
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.change_data import ChangeRefresh
from lakehouse.pipelines.refresh.computed import Computed
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.context import PinnedTables, RefreshContext
from lakehouse.pipelines.refresh.decider import Decider
from lakehouse.pipelines.refresh.decision import Decision, Finish, Take
from lakehouse.pipelines.refresh.judged_rows import JudgedRows, judged
from lakehouse.pipelines.refresh.quarantine import Quarantine
from lakehouse.pipelines.refresh.row_counts import RowCounter, StepCount
from lakehouse.pipelines.refresh.rule_context import BatchRules
from lakehouse.pipelines.refresh.shared_frames import SharedFrame, SteppedRows
from lakehouse.pipelines.refresh.staged_batches import StagedBatch, StagedBatches
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.pipelines.refresh.target_comparison import TargetComparison
from lakehouse.pipelines.refresh.touched_parts import NO_ROWS, TouchedParts
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX
from lakehouse.quality import CAST_ERRORS, RuleAction, Tally, WholeExpectationFailedError
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    Published,
    StagedRows,
    SupersededWriteError,
    TableState,
    describe,
    evened_out,
    progress_in,
)

__all__ = ["Refresh", "TablePipeline"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """One batch that became part of a table."""

    layer: str
    batch: Batch
    version: int
    tally: Tally
    steps: tuple[StepCount, ...]
    seconds: float
    inputs: Mapping[str, object] = field(default_factory=dict)
    """What was read, as the source sums it up."""
    details: Mapping[str, int] = field(default_factory=dict)
    """What the source counts beside rows, such as files."""
    set_aside: Mapping[str, str] = field(default_factory=dict)
    """The inputs that could not be read, each with its reason, by name."""
    is_strict: bool = False
    """Whether a run is to fail where an input is set aside."""

    @property
    def rows_read(self) -> int | None:
        """How many rows came to the first step that is counted; None where the groups of a batch were kept."""
        if self.steps:
            return self.steps[0].rows_in
        return None if "groups" in self.details else self.tally.rows_in


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
        self._comparisons: list[TargetComparison] = []
        self._parts = self._parts_by(table.flow.write_mode.part) if table.flow.write_mode else None
        self._own_changes: ChangeRefresh | None = None

    @property
    def target(self) -> IWritableDeltaTable:
        """The table itself, through the run's session."""
        return self.context.table(self.table.name)

    def quarantine(self, batch: Batch) -> Quarantine:
        """Return the rows that are set aside from this table, as a batch meets them."""
        name = f"{self.table.folder}{QUARANTINE_SUFFIX}"
        return Quarantine(self.context.table_in(self.table.layer, name), old_rows=self.old_rows(batch))

    def old_rows(self, batch: Batch) -> OldRows:
        """Return what becomes of the table's rows when it takes the batch."""
        replaces_all = self._parts is not None and self._parts.replaces_all(batch)
        return OldRows.GO if batch.rebuilds or replaces_all else self.write_mode.old_rows

    @property
    def write_mode(self) -> WriteMode:
        """How the rows are written; validation has seen to it that the flow says so."""
        assert self.table.flow.write_mode is not None  # noqa: S101
        return self.table.flow.write_mode

    @property
    def changes(self) -> ChangeRefresh | None:
        """What decides on rows that are changes; None where they are rows of the table."""
        if self._own_changes is None and (rules := self.write_mode.changes) is not None:
            self._own_changes = ChangeRefresh.of(self.context, self.table.name, rules)
        return self._own_changes

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
        return batch if self._parts is None else self._parts.choose(batch, last)

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
            done.append(self._process(self.batches.decide(batch)))
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

    def _rules_about(
        self, now: dt.datetime, versions: Mapping[str, int], *, old_rows: OldRows | None = None
    ) -> BatchRules:
        return BatchRules(
            self.context, self.table.name, self.write_mode, versions=versions, now=now, old_rows=old_rows
        )

    def _parts_by(self, column: str | None) -> TouchedParts | None:
        if column is None:
            return None

        def apply_steps(frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
            return self.apply_steps(frame, self.table.all_steps, batch, counter).frame

        return TouchedParts(table=self.table, context=self.context, column=column, apply_steps=apply_steps)

    def _process(self, batch: Batch, *, reading_again: bool = False) -> Refresh:
        started = time.monotonic()
        self._done("batch")
        batch, staged = self._as_it_stands(batch, reading_again=reading_again)
        self.quarantine(batch).remove_abandoned(batch)
        if self.changes is not None:
            self.changes.state.remove_abandoned(batch)
        if staged is None:
            counter = RowCounter()
            try:
                frame = self.compute(batch, counter, reading_again=reading_again)
                rows = self.validate(frame, batch, counter)
                if rows.quarantined is None and rows.tally is None:
                    return self._publish_unjudged(rows, batch, counter, started)
                staged = self._stage(rows, batch, counter)
            finally:
                self._release_comparisons()
        elif self._parts is not None and staged.replaces is not None:
            self._parts.conditions[batch.number] = staged.replaces
        self._done("validate")
        published = self._published(staged, batch)
        staged.discard()
        self.staged.forget_before(batch.number)
        if self.changes is not None:
            self.changes.state.compact()
        return self._refreshed(
            batch, published, staged.tally, staged.steps, started, kept_beside=staged.beside
        )

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

    def _published(self, staged: StagedBatch, batch: Batch) -> Published | AlreadyPublished:
        try:
            self.set_aside(staged, batch)
            self._done("quarantine")
            if self.changes is not None:
                self.changes.publish(staged, batch)
                self._done("changes")
            return self._written(*self.target.with_staged(staged.kept), batch)
        except Exception as error:
            # Another run may have published the same rows, or other ones instead, and thrown these files away.
            state = self.log.state()
            if state is not None and state.has_taken(batch.transaction):
                return AlreadyPublished(version=state.version)
            self._check_order(state, batch, error)
            raise

    def _check_order(self, state: TableState | None, batch: Batch, error: Exception) -> None:
        """Raise SupersededWriteError, with nothing left in the quarantine, where the table took another batch."""
        try:
            progress_in(state, batch.flow).check_order(batch.transaction, path=self.log.path)
        except SupersededWriteError as superseded:
            self.quarantine(batch).withdraw(batch)
            if self.changes is not None:
                self.changes.state.withdraw(batch)
            raise superseded from error

    def _written(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        published = self.publish(target, rows, batch)
        self._done("publish")
        return published

    def _publish_unjudged(
        self, rows: JudgedRows, batch: Batch, counter: RowCounter, started: float
    ) -> Refresh:
        """Write rows that nothing decides about, in the table's commit alone."""
        self._done("validate")
        self.quarantine(batch).let_go(
            self._replaced_rows(batch), batch, by=self.write_mode.part or SOURCE_FILE
        )
        self.quarantine(batch).publish_none(batch)
        self._done("quarantine")
        published = self._written(self.target, self._evened_out(rows.kept, batch), batch)
        # Rows that somebody else published were never looked at here.
        ours = isinstance(published, Published)
        steps, watched = (counter.steps(), counter.watched()) if ours else ((), {})
        tally = rows.counted_while_written(ours=ours).with_broken(watched)
        return self._refreshed(batch, published, tally, steps, started)

    def _stage_kept(self, rows: JudgedRows, batch: Batch) -> StagedRows:
        if rows.kept_bytes is None:
            return self.target.stage(self._evened_out(rows.kept, batch))
        return self.target.stage(rows.kept, expected_bytes=rows.kept_bytes)

    def _evened_out(self, frame: DataFrame, batch: Batch) -> DataFrame:
        """Return the rows of a batch in parts that are worth a file, where no step has seen to it."""
        if any(step.shuffles_rows or step.adds_whole_tables for step in self.table.all_steps):
            return frame
        return evened_out(frame, input_bytes=self.table.flow.source.size_bytes(self.context, batch.inputs))

    def _stage(self, rows: JudgedRows, batch: Batch, counter: RowCounter) -> StagedBatch:
        """Write the judged rows beside their tables, check that none is missing, and note where they are."""
        try:
            kept = self._stage_kept(rows, batch)
            quarantined = rows.in_batch(batch.number)
            aside = None
            if quarantined is not None:
                aside = self.quarantine(batch).table.stage(quarantined, expected_bytes=rows.quarantined_bytes)
            beside = None
            if rows.beside is not None and self.changes is not None:
                beside = self.changes.state.table.stage(rows.beside)
            tally = rows.tally_of_written(kept.row_count).with_broken(counter.watched())
            steps = counter.steps()
        finally:
            rows.release()
        replaces = self._parts.conditions.get(batch.number) if self._parts is not None else None
        ours = StagedBatch(
            kept=kept, quarantined=aside, tally=tally, steps=steps, replaces=replaces, beside=beside
        )
        try:
            rows.check_written(ours.tally, kept, aside, table=self.table.name)
        except BaseException:
            ours.discard()
            raise
        staged = self.staged.keep(batch.number, ours)
        if staged != ours:
            ours.discard()
        return staged

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
        if self._parts is not None and not self._parts.replaces_all(batch):
            return self._parts.rows(batch, self.request(batch, reading_again=reading_again), counter)
        frame = self.read(batch, reading_again=reading_again)
        return self.transform(frame, batch, counter)

    def finish(self, batch: Batch) -> Computed:
        """Clean up behind a batch that the table has, and return how its result was computed."""
        return Computed(how=batch.how)

    def read(self, batch: Batch, *, reading_again: bool = False) -> DataFrame:
        """Return the batch's rows, the same ones whenever it is asked."""
        return self.table.flow.source.read(self.context, self.request(batch, reading_again=reading_again))

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply the flow's steps and compare with the table's own rows; what is taken out is counted.

        The first steps are applied once for all tables of the run that have them.
        """
        length = self.context.shared_steps.get(self.table.name, 0)
        first, rest = self.table.all_steps[:length], self.table.all_steps[length:]
        if not first:
            return self.compare_with_target(
                self.apply_steps(frame, self.table.all_steps, batch, counter), counter
            )

        def make() -> SharedFrame:
            own = RowCounter()
            return SharedFrame(rows=self.apply_steps(frame, first, batch, own), counter=own)

        common = self.context.shared.get((self.table.flow.source, self.inputs_key(batch), first), make)
        counter.go_on_from(common.counter)
        rows = self.apply_steps(common.rows.frame, rest, batch, counter)
        return self.compare_with_target(
            SteppedRows(frame=rows.frame, compared=(*common.rows.compared, *rows.compared)), counter
        )

    def validate(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> JudgedRows:
        """Check the schema, and decide by the rules what becomes of each row, in one pass over them."""
        self.check_schema(self._shown(frame.drop(CAST_ERRORS)), None if batch.rebuilds else self.log.state())
        rows = judged(
            frame,
            (*self.table.flow.rules, *self.write_mode.rules(self.table.location)),
            counter,
            table=self.table.name,
            context=self._rules_about(
                dt.datetime.fromisoformat(batch.planned_at), batch.pinned, old_rows=self.old_rows(batch)
            ),
            settle=self._settled,
        )
        try:
            self.write_mode.check_rows(rows.kept, table=self.table.name)
            if self.changes is not None:
                rows = self.changes.decided(rows, batch, counter)
            return rows.with_rejected(self.table.flow.source.rejected(self.context, self.request(batch)))
        except BaseException:
            rows.release()
            raise

    def _shown(self, frame: DataFrame) -> StructType:
        return self.write_mode.shown(frame).schema

    def publish(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        """Write the rows in one commit with the batch's transaction: with it, the batch is done.

        It is the last of the batch's commits; that of the quarantine comes before it.
        """
        if (replaced := self._replaced_rows(batch)) == NO_ROWS:
            return target.append(
                rows, transaction=batch.transaction
            )  # none, so that the batch is known as taken
        if replaced is not None:
            return target.replace_where(rows, replaced, transaction=batch.transaction)
        publish = self.write_mode.rebuild if batch.rebuilds else self.write_mode.publish
        return publish(target, rows, batch.transaction)

    def _replaced_rows(self, batch: Batch) -> str | None:
        """Return the condition of the table's rows that give way to the batch's; None where none or all do."""
        if batch.rebuilds:
            return None
        if self._parts is not None:
            return self._parts.conditions.get(batch.number)
        return self.table.flow.source.replaced_rows(batch.inputs)

    def set_aside(self, staged: StagedBatch, batch: Batch) -> None:
        """Publish the quarantined rows, before the table's own."""
        self.quarantine(batch).let_go(
            self._replaced_rows(batch), batch, by=self.write_mode.part or SOURCE_FILE
        )
        if staged.quarantined is not None:
            self.quarantine(batch).publish(staged.quarantined, batch)
        else:
            self.quarantine(batch).publish_none(batch)

    def check_schema(self, found: StructType, state: TableState | None) -> None:
        """Raise SchemaMismatchError when rows of this schema can't stand beside those of the table."""
        if state is None or (validator := self.write_mode.validator_beside(state.schema)) is None:
            return
        validator.check(found, subject=f"the rows for {self.table.name!r} ({self.table.location})")

    # Steps

    def apply_steps(
        self, frame: DataFrame, steps: Sequence[Step], batch: Batch, counter: RowCounter
    ) -> SteppedRows:
        """Apply the steps one after the other; the tables beside them are read at the batch's versions."""
        pinned = PinnedTables(context=self.context, versions=batch.pinned)
        beside = WithViews(tables=pinned, views=self.table.views)
        compared: list[tuple[Step, tuple[str, ...]]] = []
        for step in steps:
            if step.compares_with_target(self.old_rows(batch)):
                compared.append((step, tuple(step.compared_columns(frame))))
            if counter.failed_casts.leave_before(step, frame):
                if counter.choices:
                    frame = self._settled(frame)
                    counter.choices.settled()
                frame = counter.failed_casts.set_aside(frame)
            for name, condition in step.watched(frame).items():
                frame = counter.watch(name, frame, condition)
            before, apply = frame, partial(step.apply, context=beside)
            counts = step.removes_rows or step.makes_rows
            frame = counter.around(step.label, frame, apply, made=step.makes_rows) if counts else apply(frame)
            counter.choices.note(step, before, frame)
        return SteppedRows(frame=frame, compared=tuple(compared))

    def compare_with_target(self, rows: SteppedRows, counter: RowCounter) -> DataFrame:
        """Leave out the rows for which the table's own stand, compared as they are to be written."""
        if not rows.compared:
            return rows.frame
        comparison = TargetComparison(
            self.log, self.target, name=self.table.name, old_rows=self.write_mode.old_rows
        )
        self._comparisons.append(comparison)
        return comparison.without_held(rows, counter)

    def _release_comparisons(self) -> None:
        while self._comparisons:
            self._comparisons.pop().release()

    def inputs_key(self, batch: Batch) -> str:
        """Return a text that is the same for batches that read the same rows, and do the same to old ones."""
        return json.dumps([batch.inputs, batch.pinned, self.old_rows(batch).value], sort_keys=True)

    def _settled(self, frame: DataFrame) -> DataFrame:
        """Return rows that are computed once: for a frame that may choose differently when it is computed again."""
        return self.context.settled.settle(frame, self.target)

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
