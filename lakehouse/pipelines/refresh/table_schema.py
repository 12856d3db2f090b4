"""A table's schema while it stands: how rows come into it, and what a batch and the definition change of it."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.change_data import REMOVED
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.kept_contracts import KeptContracts
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.quality import Fit
from lakehouse.tables import IWritableDeltaTable, TableState

__all__ = ["TableSchema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """Answers and acts for one table, as its contract and options say."""

    table: TableDefinition
    warehouse: Warehouse

    def fit(self, found: StructType, state: TableState | None) -> Fit:
        """Return how rows of this schema come into the table. Raises SchemaMismatchError where they can't."""
        fit = self.table.fit(found, None if state is None else state.schema)
        fit.check(subject=f"the rows for {self.table.name!r} ({self.table.location})")
        return fit

    def renames(self, state: TableState | None) -> bool:
        """Say whether columns of the table have names still that the definition changes."""
        held = () if state is None else state.schema.names
        return any(old in held and new not in held for old, new in self.table.options.renamed.items())

    def begin(self, target: IWritableDeltaTable, batch: Batch) -> None:
        """Give columns the names that the definition has for them, before the batch is computed."""
        if self.table.options.renamed and not batch.rebuilds:
            target.rename_columns(self.table.options.renamed)

    def take(self, target: IWritableDeltaTable, rows: StructType, old_rows: OldRows) -> None:
        """Give the table what it lacks for rows that are about to be written; all new rows bring their own schema."""
        mode = self.table.flow.write_mode
        if self.table.contract.may_change_table and mode is not None and old_rows is not OldRows.GO:
            written = StructType([each for each in rows.fields if each.name != REMOVED])
            target.take_schema(written, add_columns=not mode.takes_new_columns)

    def keep_contract(self) -> None:
        """Keep the contract's file as it is now, for later versions to be compared with."""
        if self.table.agreed is not None:
            kept = KeptContracts(self.warehouse, layer=self.table.layer, table=self.table.folder)
            kept.keep(self.table.agreed.document)
