"""How a table is refreshed: the order of the work, the same in every layer (Template Method)."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import NewInputs, ReadRequest, Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.errors import ChangedSourceError, ForeignTableError
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.context import PinnedTables, RefreshContext
from lakehouse.pipelines.refresh.decision import Decision, Finish, Rest, Take
from lakehouse.pipelines.refresh.fingerprint import fingerprint_of
from lakehouse.pipelines.refresh.judged_rows import JudgedRows, judged
from lakehouse.pipelines.refresh.row_counts import RowCounter, StepCount
from lakehouse.pipelines.refresh.shared_frames import SteppedRows
from lakehouse.pipelines.refresh.staged_batches import StagedBatch, StagedBatches
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX
from lakehouse.quality import CAST_ERRORS, Tally
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TableState

__all__ = ["Refresh", "TablePipeline"]


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


class TablePipeline:
    """Refreshes one table: decide → read → transform → judge → publish, batch by batch.

    A layer overrides the steps that are its own. Whatever it does, a batch is decided before its rows are
    read, rules are decided before anything is written, and the rows become visible in one commit.
    """

    def __init__(self, table: TableDefinition, context: RefreshContext) -> None:
        self.table = table
        self.context = context
        self.log = context.log(table.name)
        self.batches = BatchLog(context.warehouse.storage, layer=table.layer, table=table.name)
        self.staged = StagedBatches(context.warehouse.storage, layer=table.layer, table=table.name)
        self.fingerprint = fingerprint_of(table.flow)
        self._reading_again = False

    @property
    def target(self) -> IWritableDeltaTable:
        """The table itself, through the run's session."""
        return self.context.table(self.table.name)

    @property
    def write_mode(self) -> WriteMode:
        """How the rows are written; validation has seen to it that the flow says so."""
        assert self.table.flow.write_mode is not None  # noqa: S101
        return self.table.flow.write_mode

    # What is there to do

    def decide(self) -> Decision:
        """Say what a refresh does now, and why, from logs and listings: no data is read and nothing is written."""
        batches, state = self.batches.all(), self.log.state()
        self._check_owner(batches, exists=state is not None)
        last = state.last_taken(self.flow_id) if state is not None else None
        pending = self.batches.pending(last)
        if pending is not None and self._can_be_finished(pending):
            return Finish(batch=pending)
        history = self.batches.taken(last)
        if missing := self._missing_input():
            return Rest(reason=f"{missing}, which a step reads, is not there yet")
        found = self.table.flow.source.next_inputs(
            self.context, self.table.name, [batch.inputs for batch in history]
        )
        if found is None:
            return Rest()
        number = max([last or 0, *(batch.number for batch in batches)], default=0) + 1 if batches else 0
        return self._decision_about(found, history, number=number, last=last)

    @property
    def flow_id(self) -> str:
        """The application name that the table's commits carry."""
        return self.context.flow_id(self.table.name)

    def _can_be_finished(self, batch: Batch) -> bool:
        """Say whether a batch that an earlier run decided is still the one to take.

        What was judged is finished as it was judged. What was not is begun again only under the definition that
        it was decided with; under another one its inputs are decided afresh, with a new batch.
        """
        staged = self.staged.find(batch.number)
        if staged is not None and staged.exists():
            return True
        return staged is None and batch.fingerprint == self.fingerprint

    def has_news(self, batch: Batch, last: Batch) -> bool:
        """Say whether ``batch`` would read anything that ``last`` did not, or make another result of it."""
        redefined = self.write_mode.rebuilt_when_redefined and batch.fingerprint != last.fingerprint
        return redefined or (batch.inputs, batch.pinned) != (last.inputs, last.pinned)

    @property
    def is_redefined(self) -> bool:
        """Whether the flow is not the one that the last batch was decided with."""
        batches = self.batches.all()
        return bool(batches) and batches[-1].fingerprint != self.fingerprint

    def _decision_about(
        self, found: NewInputs, history: Sequence[Batch], *, number: int, last: int | None
    ) -> Decision:
        decided_at, pinned = self.context.clock().isoformat(), self._pinned()

        def settle() -> Batch | None:
            inputs = found.settle()
            if inputs is None:
                return None
            batch = Batch(
                flow=self.flow_id,
                number=number,
                planned_at=decided_at,
                starts_over=not history,
                follows=last,
                fingerprint=self.fingerprint,
                source=_source_kind(self.table.flow.source),
                inputs=dict(inputs),
                pinned=pinned,
            )
            return batch if not history or self.has_news(batch, history[-1]) else None

        if found.known is None:
            return Take(reason=found.reason, settle=settle)
        batch = settle()
        if batch is None:
            return Rest()
        reason = self._reason(found, batch, history[-1]) if history else found.reason
        return Take(reason=reason, settle=lambda: batch)

    def _reason(self, found: NewInputs, batch: Batch, last: Batch) -> str:
        if batch.inputs != last.inputs:
            return found.reason
        moved = [name for name, version in batch.pinned.items() if last.pinned.get(name) != version]
        return f"{moved[0]} is at version {batch.pinned[moved[0]]}" if moved else "its definition changed"

    def _check_owner(self, batches: Sequence[Batch], *, exists: bool) -> None:
        if batches and batches[-1].flow != self.flow_id:
            raise ForeignTableError(table=self.table.name, owner=batches[-1].flow, path=self.log.path)
        kind = _source_kind(self.table.flow.source)
        if exists and batches and batches[-1].source not in ("", kind):
            raise ChangedSourceError(
                table=self.table.name, before=batches[-1].source, now=kind, location=self.table.location
            )

    def _missing_input(self) -> str | None:
        needed = (each.table for step in self.table.flow.steps for each in step.tables())
        return next((name for name in needed if self.context.state(name) is None), None)

    def _pinned(self) -> dict[str, int]:
        names = sorted({each.table for step in self.table.flow.steps for each in step.tables()})
        states = {name: self.context.state(name) for name in names}
        return {name: state.version for name, state in states.items() if state is not None}

    # The template

    def refresh(self, decision: Decision) -> tuple[Refresh, ...]:
        """Do what was decided and return what came of it; after an unfinished batch, take what is new too."""
        done = []
        if isinstance(decision, Finish):
            done.append(self._process(self.batches.decide(decision.batch), reading_again=True))
            decision = self.decide()
        if isinstance(decision, Take) and (batch := decision.settle()) is not None:
            done.append(self._process(self.batches.decide(batch)))
        return tuple(done)

    def _process(self, batch: Batch, *, reading_again: bool = False) -> Refresh:
        started = time.monotonic()
        self._reading_again = reading_again
        self._done("batch")
        batch = self._as_it_stands(batch)
        self._remove_abandoned(batch)
        staged = self.staged.find(batch.number)
        if staged is None:
            counter = RowCounter()
            rows = self.validate(self.transform(self.read(batch), batch, counter), batch, counter)
            if rows.quarantined is None and rows.tally is None:
                return self._publish_unjudged(rows, batch, counter, started)
            staged = self._stage(rows, batch, counter)
        self._done("validate")
        published = self._published(staged, batch)
        staged.discard()
        return self._refreshed(batch, published, staged.tally, staged.steps, started)

    def _as_it_stands(self, batch: Batch) -> Batch:
        """Return the batch; where inputs can't be read as it names them, the one that takes its place.

        That one follows the same batch and sets these inputs aside: the table takes only one of the two.
        """
        if self.staged.find(batch.number) is not None:
            return batch
        inputs = self.table.flow.source.as_they_stand(self.context, self._request(batch))
        if inputs is None:
            return batch
        other = msgspec.structs.replace(
            batch, number=batch.number + 1, follows=batch.predecessor, inputs=dict(inputs)
        )
        return self._as_it_stands(self.batches.decide(other))

    def _published(self, staged: StagedBatch, batch: Batch) -> Published | AlreadyPublished:
        try:
            self.set_aside(staged, batch)
            self._done("quarantine")
            return self._written(*self.target.with_staged(staged.kept), batch)
        except Exception:
            # Another run may have published the same rows, and thrown their files away.
            state = self.log.state()
            if state is None or not state.has_taken(batch.transaction):
                raise
            return AlreadyPublished(version=state.version)

    def _written(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        published = self.publish(target, rows, batch)
        self._done("publish")
        return published

    def _remove_abandoned(self, batch: Batch) -> None:
        """Take rows out of the quarantine that came with batches which the table does not have."""
        first = -1 if batch.predecessor is None else batch.predecessor
        if batch.number == first + 1:
            return  # no batch lies between the two
        quarantine = self.quarantine()
        state = quarantine.state()
        last = state.last_taken(self.flow_id) if state is not None else None
        if last is not None and first < last < batch.number:
            quarantine.delete(f"_batch > {first} AND _batch < {batch.number}")

    def _publish_unjudged(
        self, rows: JudgedRows, batch: Batch, counter: RowCounter, started: float
    ) -> Refresh:
        """Write rows that nothing decides about, in the table's commit alone."""
        self._done("validate")
        self.clear_quarantine(batch)
        self._done("quarantine")
        published = self._written(self.target, rows.kept, batch)
        # Rows that somebody else published were never looked at here.
        ours = isinstance(published, Published)
        steps = counter.steps() if ours else ()
        return self._refreshed(batch, published, rows.counted_while_written(ours=ours), steps, started)

    def _stage(self, rows: JudgedRows, batch: Batch, counter: RowCounter) -> StagedBatch:
        """Write the judged rows beside their tables, check that none is missing, and note where they are."""
        try:
            kept = self.target.stage(rows.kept)
            quarantined = rows.in_batch(batch.number)
            aside = self.quarantine().stage(quarantined) if quarantined is not None else None
            tally = rows.tally_of_written(kept.row_count)
            steps = counter.steps()
        finally:
            rows.release()
        ours = StagedBatch(kept=kept, quarantined=aside, tally=tally, steps=steps)
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
    ) -> Refresh:
        source = self.table.flow.source
        return Refresh(
            layer=self.table.layer,
            batch=batch,
            version=published.version,
            tally=tally,
            steps=steps,
            seconds=time.monotonic() - started,
            inputs=source.summary(batch.inputs),
            details=source.counts(batch.inputs),
        )

    def read(self, batch: Batch) -> DataFrame:
        """Return the batch's rows, the same ones whenever it is asked."""
        return self.table.flow.source.read(self.context, self._request(batch))

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply the flow's steps and compare with the table's own rows; what is taken out is counted."""
        return self.compare_with_target(
            self.apply_steps(frame, self.table.all_steps, batch, counter), counter
        )

    def validate(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> JudgedRows:
        """Check the schema, and decide by the rules what becomes of each row, in one pass over them."""
        written = StructType([field for field in frame.schema.fields if field.name != CAST_ERRORS])
        self.check_schema(written, self.log.state())
        rows = judged(frame, self.table.flow.expectations, counter, table=self.table.name)
        try:
            self.write_mode.check_rows(rows.kept, table=self.table.name)
            return rows.with_rejected(self.table.flow.source.rejected(self.context, self._request(batch)))
        except BaseException:
            rows.release()
            raise

    def publish(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        """Write the rows in one commit with the batch's transaction: with it, the batch is done.

        It is the last of the batch's commits; that of the quarantine comes before it.
        """
        return self.write_mode.publish(target, rows, batch.transaction)

    def set_aside(self, staged: StagedBatch, batch: Batch) -> None:
        """Publish the quarantined rows; where the table's old rows go, go those quarantined beside them too."""
        if staged.quarantined is None:
            self.clear_quarantine(batch)
            return
        quarantine, rows = self.quarantine().with_staged(staged.quarantined)
        if self.write_mode.old_rows is OldRows.GO:
            quarantine.replace(rows, transaction=batch.quarantine_transaction)
        else:
            quarantine.append(rows, transaction=batch.quarantine_transaction, evolve_schema=True)

    def clear_quarantine(self, batch: Batch) -> None:
        """Take the rows out that were set aside from rows which go now."""
        quarantine = self.quarantine()
        if self.write_mode.old_rows is OldRows.GO and (state := quarantine.state()) is not None:
            empty = quarantine.read(version=state.version).limit(0)
            quarantine.replace(empty, transaction=batch.quarantine_transaction)

    def quarantine(self) -> IWritableDeltaTable:
        """Return the table for rows that are set aside from this one."""
        return self.context.table_in(self.table.layer, f"{self.table.name}{QUARANTINE_SUFFIX}")

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
        compared: list[tuple[Step, tuple[str, ...]]] = []
        for step in steps:
            if step.compares_with_target(self.write_mode.old_rows):
                compared.append((step, tuple(step.compared_columns(frame))))
            frame = counter.failed_casts.before(step, frame)
            apply = partial(step.apply, context=pinned)
            frame = counter.around(step.label, frame, apply) if step.removes_rows else apply(frame)
        return SteppedRows(frame=frame, compared=tuple(compared))

    def compare_with_target(self, rows: SteppedRows, counter: RowCounter) -> DataFrame:
        """Leave out the rows for which the table's own stand, compared as they are to be written."""
        frame, state = rows.frame, self.log.state() if rows.compared else None
        if state is None:
            return frame
        for step, columns in rows.compared:
            held = self.target.read(version=state.version)
            leave_out = partial(
                step.without_held, held=held, columns=columns, old_rows=self.write_mode.old_rows
            )
            frame = counter.around(f"already in {self.table.name}", frame, leave_out)
        return frame

    def inputs_key(self, batch: Batch) -> str:
        """Return a text that is the same for batches that read the same rows."""
        return json.dumps([batch.inputs, batch.pinned], sort_keys=True)

    def _request(self, batch: Batch) -> ReadRequest:
        return ReadRequest(
            table=self.table.name,
            inputs=batch.inputs,
            decided_at=dt.datetime.fromisoformat(batch.planned_at),
            reading_again=self._reading_again,
        )

    def _done(self, step: str) -> None:
        self.context.on_step(self.table.name, step)


def _source_kind(source: Source) -> str:
    """Return the name of a source's class: inputs of one kind mean nothing to another."""
    return type(source).__qualname__
