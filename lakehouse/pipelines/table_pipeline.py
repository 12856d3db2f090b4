"""How a table is refreshed: the order of the work, the same in every layer (Template Method)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.batches import Batch, BatchLog
from lakehouse.pipelines.definition import TableDefinition
from lakehouse.pipelines.errors import UnreadableSourceError
from lakehouse.pipelines.fingerprint import fingerprint_of
from lakehouse.pipelines.refresh_context import RefreshContext
from lakehouse.pipelines.row_counts import RowCounter, StepCount, rows
from lakehouse.pipelines.sources import Inputs, ReadableSource, Source, TableSource
from lakehouse.pipelines.steps import Step
from lakehouse.pipelines.write_modes import WriteMode, validator_beside
from lakehouse.quality import CAST_ERRORS, Judgement, Tally, judge
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TableLog, TableState

__all__ = ["Refresh", "TablePipeline", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What validation decided about a batch's rows, before any of them is written."""

    kept: DataFrame
    kept_point: Observation | None = None
    """Counts the kept rows while they are written, where no rule counted them before."""
    quarantined: DataFrame | None = None
    tally: Tally | None = None
    persisted: DataFrame | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """One batch that became part of a table."""

    layer: str
    batch: Batch
    version: int
    tally: Tally
    steps: tuple[StepCount, ...]
    seconds: float
    details: Mapping[str, int] = field(default_factory=dict)
    """What only this layer counts, such as files."""


class TablePipeline:
    """Refreshes one table: read → transform → validate → publish, batch by batch.

    A layer overrides the steps that are its own. Whatever it does, a batch is decided before its rows are
    read, rules are decided before anything is written, and the rows become visible in one commit.
    """

    def __init__(self, table: TableDefinition, context: RefreshContext) -> None:
        self.table = table
        self.context = context
        self.log = TableLog(context.path(table.name))
        self.batches = BatchLog(context.warehouse.storage, layer=table.layer, table=table.name)

    @classmethod
    def accepts(cls, source: Source) -> bool:
        """Say whether this layer can read such a source."""
        return isinstance(source, ReadableSource)

    @property
    def target(self) -> IWritableDeltaTable:
        """The table itself, through the run's session."""
        return self.context.table(self.table.name)

    @property
    def write_mode(self) -> WriteMode:
        """How the rows are written; the planner has seen to it that the flow says so."""
        assert self.table.flow.write_mode is not None  # noqa: S101
        return self.table.flow.write_mode

    # The template

    def refresh(self) -> tuple[Refresh, ...]:
        """Finish the batch that an earlier run left, then take what is new; return what was done."""
        done = []
        for find in (self.pending, self.proposed):
            batch = find()
            if batch is not None:
                done.append(self._process(self.batches.decide(batch)))
        return tuple(done)

    def _process(self, batch: Batch) -> Refresh:
        started = time.monotonic()
        self._done("batch")
        counter = RowCounter()
        frame = self.transform(self.read(batch), batch, counter)
        verdict = self.validate(frame, batch, counter)
        try:
            self._done("validate")
            published = self.publish(verdict, batch)
            # Rows that somebody else published were never looked at here: only rules count before writing.
            computed = isinstance(published, Published) or verdict.tally is not None
            return Refresh(
                layer=self.table.layer,
                batch=batch,
                version=published.version,
                tally=verdict.tally or _counted(verdict.kept_point if computed else None),
                steps=counter.steps() if computed else (),
                seconds=time.monotonic() - started,
                details=self.details(batch),
            )
        finally:
            if verdict.persisted is not None:
                verdict.persisted.unpersist()

    # What is there to do

    def pending(self) -> Batch | None:
        """Return the batch that was decided and is not in the table: an earlier run was stopped."""
        batches = self.batches.all()
        if not batches:
            return None
        state = self.log.state()
        if state is None:
            return batches[-1] if batches[-1].starts_over else None
        return None if state.has_taken(batches[-1].transaction) else batches[-1]

    def proposed(self) -> Batch | None:
        """Return the next batch, not yet decided; None where nothing is new."""
        starts_over = self.log.state() is None
        history = () if starts_over else self.batches.since_start()
        inputs = self.next_inputs([batch.inputs for batch in history])
        if inputs is None:
            return None
        batch = Batch(
            flow=self.context.flow_id(self.table.name),
            number=len(self.batches.all()),
            planned_at=self.context.clock().isoformat(),
            starts_over=starts_over,
            fingerprint=fingerprint_of(self.table.flow),
            inputs=dict(inputs),
            pinned=self._pinned(),
        )
        return batch if not history or self.has_news(batch, history[-1]) else None

    def has_news(self, batch: Batch, last: Batch) -> bool:
        """Say whether ``batch`` would read anything that ``last`` did not."""
        return (batch.inputs, batch.pinned) != (last.inputs, last.pinned)

    def work(self) -> str | None:
        """Say what a refresh would do, and why, without deciding it or reading any data; None for nothing."""
        if (left := self.pending()) is not None:
            return f"finish batch {left.number}, which an earlier run left"
        if (batch := self.proposed()) is None:
            return None
        return self.reason(batch)

    def reason(self, batch: Batch) -> str:
        """Say in a few words why there is such a batch."""
        source = self.table.flow.source
        if not isinstance(source, TableSource):
            return "the source has something new"
        after, through = batch.inputs["after"], batch.inputs["through"]
        if after >= 0:
            return f"{source.table} has new rows in versions {after + 1} to {through}"
        if batch.starts_over:
            return f"the table is not there yet; {source.table} is at version {through}"
        return f"{source.table} is at version {through}, or the definition is another"

    def next_inputs(self, history: Sequence[Inputs]) -> Inputs | None:
        """Return what the next batch reads, after ``history``; None for nothing."""
        return self._readable_source().next_inputs(self.context, self.table.name, history)

    # The steps

    def read(self, batch: Batch) -> DataFrame:
        """Return the batch's rows, the same ones whenever it is asked."""
        return self._readable_source().read(self.context, batch.inputs)

    def transform(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply the flow's steps; what they take out is counted."""
        return self.apply_steps(frame, self.table.flow.steps, batch, counter)

    def validate(self, frame: DataFrame, batch: Batch, counter: RowCounter) -> Verdict:
        """Check the schema, and decide by the rules what becomes of each row, in one pass over them."""
        shown = StructType([field for field in frame.schema.fields if field.name != CAST_ERRORS])
        self.check_schema(shown, self.log.state())
        frame, entered = counter.count(frame)
        if not self.table.flow.expectations and CAST_ERRORS not in frame.columns:
            return Verdict(kept=frame, kept_point=entered)
        judgement = judge(frame, self.table.flow.expectations)
        persisted = judgement.marked.persist()
        try:
            return self._decided(judgement, entered)
        except BaseException:
            persisted.unpersist()
            raise

    def _decided(self, judgement: Judgement, entered: Observation) -> Verdict:
        counted = judgement.tally()
        judgement.check_fatal(counted, table=self.table.name)
        tally = counted.with_rows_in(rows(entered))
        tally.check_conservation(table=self.table.name)
        return Verdict(
            kept=judgement.kept(),
            quarantined=judgement.quarantined() if tally.quarantined else None,
            tally=tally,
            persisted=judgement.marked,
        )

    def publish(self, verdict: Verdict, batch: Batch) -> Published | AlreadyPublished:
        """Write quarantine and table, each in one commit with the batch's transaction.

        The table comes last: once it has the transaction, the batch is done.
        """
        self.set_aside(verdict, batch)
        self._done("quarantine")
        published = self.write_mode.publish(self.target, verdict.kept, batch.transaction)
        self._done("publish")
        return published

    def set_aside(self, verdict: Verdict, batch: Batch) -> None:
        """Write the quarantined rows, if there are any, in one commit with the batch's transaction."""
        if verdict.quarantined is not None:
            rows = self.marked(verdict.quarantined, batch)
            self.quarantine().append(rows, transaction=batch.transaction, evolve_schema=True)

    def check_schema(self, found: StructType, state: TableState | None) -> None:
        """Raise SchemaMismatchError where rows of this schema can't stand beside those of the table."""
        if state is None or (validator := validator_beside(state.schema, self.write_mode)) is None:
            return
        validator.check(found, subject=f"what {self.table.name!r} is to be given ({self.table.location})")

    def details(self, batch: Batch) -> Mapping[str, int]:
        """Return what this layer counts beside rows."""
        return {}

    # Shared by the layers

    def apply_steps(
        self, frame: DataFrame, steps: Sequence[Step], batch: Batch, counter: RowCounter
    ) -> DataFrame:
        """Apply the steps one after the other; those that take rows out are counted."""
        for step in steps:
            frame = self.apply_step(step, frame, batch, counter)
            frame = self.after_step(step, frame, counter)
        return frame

    def after_step(self, step: Step, frame: DataFrame, counter: RowCounter) -> DataFrame:
        """Do what this layer adds to a step."""
        return frame

    def apply_step(self, step: Step, frame: DataFrame, batch: Batch, counter: RowCounter) -> DataFrame:
        """Apply one step; the tables beside it are read at the versions that the batch names."""

        def pinned(source: TableSource) -> DataFrame:
            return self.context.table(source.table).read(version=batch.pinned[source.table])

        if not step.removes_rows:
            return step.apply(frame, pinned)
        return counter.around(step.label, frame, lambda rows: step.apply(rows, pinned))

    def quarantine(self) -> IWritableDeltaTable:
        """Return the table for rows that are set aside from this one."""
        return self.context.table_in(self.table.layer, f"{self.table.name}_quarantine")

    def marked(self, quarantined: DataFrame, batch: Batch) -> DataFrame:
        """Return quarantined rows with the number of the batch that they came in."""
        return quarantined.withColumn("_batch", F.lit(batch.number).cast("bigint"))

    def _pinned(self) -> dict[str, int]:
        names = {source.table for step in self.table.flow.steps for source in step.reads()}
        states = {name: self.context.state(name) for name in sorted(names)}
        return {name: state.version for name, state in states.items() if state is not None}

    def _readable_source(self) -> ReadableSource:
        source = self.table.flow.source
        if not isinstance(source, ReadableSource):
            raise UnreadableSourceError(
                table=self.table.name, layer=self.table.layer, location=self.table.location
            )
        return source

    def _done(self, step: str) -> None:
        self.context.on_step(self.table.name, step)


def _counted(point: Observation | None) -> Tally:
    written = 0 if point is None else rows(point)
    return Tally(rows_in=written, written=written, dropped=0, quarantined=0, failed=0, broken={})
