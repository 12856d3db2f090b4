"""The rows that are set aside from a table: published before the table's own, and gone with the rows beside them."""

from __future__ import annotations

from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.tables import IWritableDeltaTable, StagedRows, TableLog

__all__ = ["Quarantine"]


class Quarantine:
    """The quarantine of one table, a table itself. ``old_rows``: what a batch does to the rows of those before it."""

    def __init__(self, table: IWritableDeltaTable, log: TableLog, *, old_rows: OldRows) -> None:
        self.table = table
        self._log = log
        self._old_rows = old_rows

    def publish(self, staged: StagedRows, batch: Batch) -> None:
        """Publish the batch's rows; where the table's old rows go, those set aside beside them go too."""
        table, rows = self.table.with_staged(staged)
        if self._old_rows is OldRows.GO:
            table.replace(rows, transaction=batch.quarantine_transaction)
        else:
            table.append(rows, transaction=batch.quarantine_transaction, evolve_schema=True)

    def publish_none(self, batch: Batch) -> None:
        """Let the rows go that were set aside beside rows which go now; the batch itself sets nothing aside."""
        state = self.table.state() if self._old_rows is OldRows.GO else None
        if state is not None and self._log.row_count(version=state.version) != 0:
            empty = self.table.read(version=state.version).limit(0)
            self.table.replace(empty, transaction=batch.quarantine_transaction)

    def let_go(self, replaced: str | None, batch: Batch, *, by: str) -> None:
        """Remove what was set aside beside rows of the table that give way to a batch's: those of a condition.

        ``by`` is the column that the condition is about; a quarantine without it has no such rows.
        """
        state = None if replaced is None else self.table.state()
        if state is not None and all(name in state.schema.names for name in (by, "_batch")):
            self.table.delete(f"{replaced} AND _batch < {batch.number}")

    def withdraw(self, batch: Batch) -> None:
        """Remove the rows of a batch that the table refused after they were published here."""
        state = self.table.state()
        if state is not None and state.has_taken(batch.quarantine_transaction):
            self.table.delete(f"_batch = {batch.number}")

    def remove_abandoned(self, batch: Batch) -> None:
        """Remove rows that came with batches which the table does not have: those decided before ``batch``."""
        first = -1 if batch.predecessor is None else batch.predecessor
        if batch.number == first + 1:
            return  # no batch lies between the two
        state = self.table.state()
        last = state.last_taken(batch.flow) if state is not None else None
        if last is not None and first < last < batch.number:
            self.table.delete(f"_batch > {first} AND _batch < {batch.number}")
