"""How a table is refreshed: the order of the work, the same in every layer (Template Method)."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

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
        self.fingerprint = fingerprint_of(table.flow)

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
        if batches and _is_unfinished(batches[-1], state):
            return Finish(batch=batches[-1])
        if missing := self._missing_input():
            return Rest(reason=f"{missing}, which a step reads, is not there yet")
        history = self.batches.since_start() if state is not None else ()
        found = self.table.flow.source.next_inputs(
            self.context, self.table.name, [batch.inputs for batch in history]
        )
        if found is None:
            return Rest()
        return self._decision_about(found, history, number=len(batches), starts_over=state is None)

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
        self, found: NewInputs, history: Sequence[Batch], *, number: int, starts_over: bool
    ) -> Decision:
        decided_at, pinned = self.context.clock().isoformat(), self._pinned()

        def settle() -> Batch | None:
            inputs = found.settle()
            if inputs is None:
                return None
            batch = Batch(
                flow=self.context.flow_id(self.table.name),
                number=number,
                planned_at=decided_at,
                starts_over=starts_over,
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
        flow = self.context.flow_id(self.table.name)
        if batches and batches[-1].flow != flow:
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
            done.append(self._process(self.batches.decide(decision.batch)))
            decision = self.decide()
        if isinstance(decision, Take) and (batch := decision.settle()) is not None:
            done.append(self._process(self.batches.decide(batch)))
        return tuple(done)

    def _process(self, batch: Batch) -> Refresh:
        started = time.monotonic()
        self._done("batch")
        counter, source = RowCounter(), self.table.flow.source
        frame = self.transform(self.read(batch), batch, counter)
        rows = self.validate(frame, batch, counter)
        try:
            self._done("validate")
            published = self.publish(rows, batch)
            # Rows that somebody else published were never looked at here: only rules count before writing.
            computed = isinstance(published, Published) or rows.tally is not None
            return Refresh(
                layer=self.table.layer,
                batch=batch,
                version=published.version,
                tally=rows.final_tally(were_written=computed),
                steps=counter.steps() if computed else (),
                seconds=time.monotonic() - started,
                inputs=source.summary(batch.inputs),
                details=source.counts(batch.inputs),
            )
        finally:
            rows.release()

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

    def publish(self, rows: JudgedRows, batch: Batch) -> Published | AlreadyPublished:
        """Write quarantine and table, each in one commit with the batch's transaction.

        The table comes last: once it has the transaction, the batch is done.
        """
        self.set_aside(rows, batch)
        self._done("quarantine")
        published = self.write_mode.publish(self.target, rows.kept, batch.transaction)
        self._done("publish")
        return published

    def set_aside(self, rows: JudgedRows, batch: Batch) -> None:
        """Write the quarantined rows; where the table's old rows go, go those quarantined beside them too."""
        quarantined, quarantine = rows.in_batch(batch.number), self.quarantine()
        if self.write_mode.old_rows is not OldRows.GO:
            if quarantined is not None:
                quarantine.append(quarantined, transaction=batch.transaction, evolve_schema=True)
        elif quarantined is not None:
            quarantine.replace(quarantined, transaction=batch.transaction)
        elif (state := quarantine.state()) is not None:
            empty = quarantine.read(version=state.version).limit(0)
            quarantine.replace(empty, transaction=batch.transaction)

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
            batch_key=self.batches.key_of(batch.number),
        )

    def _done(self, step: str) -> None:
        self.context.on_step(self.table.name, step)


def _is_unfinished(batch: Batch, state: TableState | None) -> bool:
    """Say whether a decided batch is not in the table: an earlier run was stopped."""
    return batch.starts_over if state is None else not state.has_taken(batch.transaction)


def _source_kind(source: Source) -> str:
    """Return the name of a source's class: inputs of one kind mean nothing to another."""
    return type(source).__qualname__
