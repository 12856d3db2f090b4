"""How a batch becomes visible: its rows are staged and noted, then set aside and published, each in one commit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.change_data import ChangeRefresh
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.giving_way import GivingWay
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.quarantine import Quarantine
from lakehouse.pipelines.refresh.returned_rows import return_given_up
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.staged_batches import StagedBatch, StagedBatches, digest_of_mode
from lakehouse.pipelines.refresh.touched_parts import NO_ROWS
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    Published,
    StagedRows,
    SupersededWriteError,
    TableLog,
    TableState,
    evened_out,
    progress_in,
)

__all__ = ["Publication", "write_rows"]

Write = Callable[[IWritableDeltaTable, DataFrame, Batch], Published | AlreadyPublished]


class Publication:
    """Stages and publishes the batches of one table. ``write`` is the batch's last commit, that of the table."""

    def __init__(
        self,
        table: TableDefinition,
        context: RefreshContext,
        *,
        log: TableLog,
        staged: StagedBatches,
        giving_way: GivingWay,
        write: Write,
    ) -> None:
        self._table = table
        self._context = context
        self._log = log
        self._staged = staged
        self._giving_way = giving_way
        self._write = write

    @cached_property
    def changes(self) -> ChangeRefresh | None:
        """What decides on rows that are changes; None where they are rows of the table."""
        rules = self._giving_way.write_mode.changes
        return None if rules is None else ChangeRefresh.of(self._context, self._table.name, rules)

    @property
    def target(self) -> IWritableDeltaTable:
        """The table itself, through the run's session."""
        return self._context.table(self._table.name)

    def quarantine(self, batch: Batch) -> Quarantine:
        """Return the rows that are set aside from this table, as a batch meets them."""
        layer, folder = self._table.layer, f"{self._table.folder}{QUARANTINE_SUFFIX}"
        log = self._context.opened.log(self._context.warehouse.path_of(layer, folder))
        return Quarantine(
            self._context.table_in(layer, folder), log, old_rows=self._giving_way.old_rows(batch)
        )

    def remove_abandoned(self, batch: Batch) -> None:
        """Remove what stands beside the table of earlier batches that it doesn't have, and put back what they took."""
        layer, folder, warehouse = self._table.layer, self._table.folder, self._context.warehouse
        batches = BatchLog(warehouse.storage, layer=layer, table=folder)
        return_given_up(warehouse, batches, batch, layer=layer, folder=folder)
        self.quarantine(batch).remove_abandoned(batch)
        if self.changes is not None:
            self.changes.state.remove_abandoned(batch)

    # Rows that were judged

    def stage(self, rows: JudgedRows, batch: Batch, counter: RowCounter) -> StagedBatch:
        """Write the judged rows beside their tables, check that none is missing, and note where they are."""
        written: list[StagedRows] = []

        def stage(table: IWritableDeltaTable, frame: DataFrame, expected_bytes: int | None) -> StagedRows:
            written.append(table.stage(frame, expected_bytes=expected_bytes))
            return written[-1]

        parts = self._giving_way.parts
        try:
            kept = self._stage_kept(rows, batch)
            written.append(kept)
            rows = rows.counted(kept.row_count)
            quarantined = rows.in_batch(batch.number)
            aside = beside = None
            if quarantined is not None:
                aside = stage(self.quarantine(batch).table, quarantined, rows.quarantined_bytes)
            if rows.beside is not None and self.changes is not None:
                beside = stage(self.changes.state.table, rows.beside, None)
            ours = StagedBatch(
                kept=kept,
                quarantined=aside,
                tally=rows.tally_of_written(kept.row_count).with_broken(counter.watched()),
                steps=counter.steps(),
                replaces=parts.conditions.get(batch.number) if parts is not None else None,
                beside=beside,
                newest_us=counter.measured(),
                came_us=counter.came_us(),
                mode=digest_of_mode(self._table.flow.write_mode),
            )
            rows.check_written(ours.tally, kept, aside, table=self._table.name)
        except BaseException:
            for each in written:
                each.discard()
            raise
        finally:
            rows.release()
        staged = self._staged.keep(batch.number, ours)
        if staged != ours:
            ours.discard()
        return staged

    def publish(self, staged: StagedBatch, batch: Batch) -> Published | AlreadyPublished:
        """Publish what is set aside, then what is kept beside the table, then its own rows."""
        try:
            self._set_aside(staged, batch)
            if self.changes is not None:
                self.changes.publish(staged, batch)
                self._done("changes")
            return self._written(*self.target.with_staged(staged.kept), batch)
        except Exception as error:
            # Another run may have published the same rows, or other ones instead, and thrown these files away.
            state = self._log.state()
            if state is not None and state.has_taken(batch.transaction):
                return AlreadyPublished(version=state.version)
            self._check_order(state, batch, error)
            raise

    # Rows that nothing decides about

    def publish_unjudged(self, rows: DataFrame, batch: Batch) -> Published | AlreadyPublished:
        """Write the rows in the table's commit alone: none of them is set aside."""
        self._let_go(batch)
        self.quarantine(batch).publish_none(batch)
        self._done("quarantine")
        return self._written(self.target, self._evened_out(rows, batch), batch)

    def _stage_kept(self, rows: JudgedRows, batch: Batch) -> StagedRows:
        if rows.kept_bytes is None:
            return self.target.stage(self._evened_out(rows.kept, batch))
        return self.target.stage(rows.kept, expected_bytes=rows.kept_bytes)

    def _evened_out(self, frame: DataFrame, batch: Batch) -> DataFrame:
        """Return the rows of a batch in parts that are worth a file, where no step has seen to it."""
        if any(step.shuffles_rows or step.adds_whole_tables for step in self._table.all_steps):
            return frame
        source = self._table.flow.source
        size_bytes = source.size_bytes(self._context, batch.inputs)
        # A batch leaves few files in a table, while any number of them may land.
        return evened_out(frame, input_bytes=size_bytes, files_are_few=bool(source.tables()))

    def _set_aside(self, staged: StagedBatch, batch: Batch) -> None:
        self._let_go(batch)
        if staged.quarantined is not None:
            self.quarantine(batch).publish(staged.quarantined, batch)
        else:
            self.quarantine(batch).publish_none(batch)
        self._done("quarantine")

    def _let_go(self, batch: Batch) -> None:
        """Remove what was set aside beside rows of the table that give way to the batch's."""
        condition = self._giving_way.condition(batch)
        self.quarantine(batch).let_go(condition, batch, by=self._giving_way.column)

    def _written(
        self, target: IWritableDeltaTable, rows: DataFrame, batch: Batch
    ) -> Published | AlreadyPublished:
        published = self._write(target, rows, batch)
        self._done("publish")
        return published

    def _check_order(self, state: TableState | None, batch: Batch, error: Exception) -> None:
        """Raise SupersededWriteError, with nothing left in the quarantine, where the table took another batch."""
        try:
            progress_in(state, batch.flow).check_order(batch.transaction, path=self._log.path)
        except SupersededWriteError as superseded:
            self.quarantine(batch).withdraw(batch)
            if self.changes is not None:
                self.changes.state.withdraw(batch)
            raise superseded from error

    def _done(self, step: str) -> None:
        self._context.on_step(self._table.name, step)


def write_rows(
    target: IWritableDeltaTable, rows: DataFrame, batch: Batch, giving_way: GivingWay
) -> Published | AlreadyPublished:
    """Write a batch's rows in one commit with its transaction; the rows that give way go in the same commit."""
    replaced = giving_way.condition(batch)
    if replaced == NO_ROWS:
        # There are none to write, but with the commit the batch is known as taken.
        return target.append(rows, transaction=batch.transaction)
    if replaced is not None:
        return target.replace_where(rows, replaced, transaction=batch.transaction)
    mode = giving_way.write_mode
    publish = mode.rebuild if batch.rebuilds else mode.publish
    return publish(target, rows, batch.transaction)
