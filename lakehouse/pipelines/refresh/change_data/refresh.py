"""Decide what a batch of changes makes of a table, with all changes of the keys that it touches."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.pipelines.declare.change_data import ChangeRules
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.change_data.decided import decided_rows
from lakehouse.pipelines.refresh.change_data.state import ChangeState
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.pipelines.refresh.staged_batches import StagedBatch
from lakehouse.pipelines.warehouse import CHANGES_LAYER, SYSTEM_LAYER
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
        layer, folder = f"{CHANGES_LAYER}/{declared.layer}", declared.folder
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
        return decided_rows(
            self.rules,
            rows,
            counter,
            table=self.name,
            there=self._there(batch),
            earlier=self.state.before(batch),
            snapshot=batch.inputs.get("through", batch.number),  # the version that was read
            keep_beside=lambda changes, marker: self.state.beside(changes, marker, batch),
        )

    def publish(self, staged: StagedBatch, batch: Batch) -> None:
        """Publish what is kept beside the table, before the table's own rows."""
        if staged.beside is not None:
            self.state.publish(staged.beside, batch)

    def _there(self, batch: Batch) -> RowsByKey | None:
        held = None if batch.rebuilds else self.log.state()
        if held is None:
            return None
        return RowsByKey(log=self.log, table=self.target, version=held.version, name=self.name)
