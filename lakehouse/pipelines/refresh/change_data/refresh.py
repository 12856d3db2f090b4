"""Decide what a batch of changes makes of a table, with all changes of the keys that it touches."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.change_data import ChangeRules
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.change_data.feed import gathered_of_feed
from lakehouse.pipelines.refresh.change_data.gathered import Gathered
from lakehouse.pipelines.refresh.change_data.result import ChangeResult
from lakehouse.pipelines.refresh.change_data.snapshots import gathered_of_snapshots, with_snapshot
from lakehouse.pipelines.refresh.change_data.state import ChangeState
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.pipelines.refresh.staged_batches import StagedBatch
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.tables import IWritableDeltaTable, TableLog

__all__ = ["ChangeRefresh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRefresh:
    """Works for one table, its ``rules`` being the declaration. What it decides, the table's pipeline writes."""

    rules: ChangeRules
    name: str
    log: TableLog
    target: IWritableDeltaTable
    state: ChangeState

    @classmethod
    def of(cls, context: RefreshContext, table: str, rules: ChangeRules) -> ChangeRefresh:
        """Return what decides for a declared table."""
        declared = context.tables[table]
        layer, folder = f"{SYSTEM_LAYER}/changes/{declared.layer}", declared.folder
        state = ChangeState(
            context.opened.log(context.warehouse.path_of(layer, folder)),
            context.table_in(layer, folder),
            context.warehouse.storage,
            notes=f"{SYSTEM_LAYER}/change_rules/{declared.layer}/{folder}/",
            name=table,
            keys=rules.keys,
        )
        return cls(rules=rules, name=table, log=context.log(table), target=context.table(table), state=state)

    def decided(self, rows: JudgedRows, batch: Batch, counter: RowCounter) -> JudgedRows:
        """Return what becomes of rows that passed the rules: those to write, and those to keep beside the table."""
        self.state.check_rules(self.rules, batch)
        gathered = self._gathered(rows, batch)
        decided = gathered.decided(self.rules).persist()
        try:
            result = ChangeResult(self.name, self.rules, gathered, decided)
            return result.of(rows, batch, counter, state=self.state)
        except BaseException:
            for frame in (decided, *gathered.persisted):
                frame.unpersist()
            raise

    def publish(self, staged: StagedBatch, batch: Batch) -> None:
        """Publish what is kept beside the table, before the table's own rows."""
        if staged.beside is not None:
            self.state.publish(staged.beside, batch)

    def _gathered(self, rows: JudgedRows, batch: Batch) -> Gathered:
        there = self._there(batch)
        if not self.rules.from_snapshots:
            return gathered_of_feed(self.rules, rows.kept, batch, there, self.state)
        kept = with_snapshot(self.rules, rows.kept, batch)
        unread: DataFrame | None = None
        if rows.quarantined is not None:
            unread = with_snapshot(self.rules, rows.quarantined, batch)
        return gathered_of_snapshots(self.rules, kept, unread, batch, there, self.state)

    def _there(self, batch: Batch) -> RowsByKey | None:
        held = None if batch.rebuilds else self.log.state()
        if held is None:
            return None
        return RowsByKey(log=self.log, table=self.target, version=held.version, name=self.name)
