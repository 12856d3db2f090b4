"""What becomes of the rows that a table has when it takes a batch: all of them go, some give way, or they stay."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import SOURCE_FILE
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.touched_parts import TouchedParts

__all__ = ["GivingWay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingWay:
    """Answers for one table, from its definition and the batch."""

    table: TableDefinition
    parts: TouchedParts | None
    """The parts that a batch touches; None where the table isn't written part by part."""

    @property
    def write_mode(self) -> WriteMode:
        """How the rows are written; validation has seen to it that the flow says so."""
        assert self.table.flow.write_mode is not None  # noqa: S101
        return self.table.flow.write_mode

    @property
    def column(self) -> str:
        """The column that ``condition`` is about."""
        return self.write_mode.part or SOURCE_FILE

    def old_rows(self, batch: Batch) -> OldRows:
        """Return what becomes of the table's rows in general."""
        replaces_all = self.parts is not None and self.parts.replaces_all(batch)
        return OldRows.GO if batch.rebuilds or replaces_all else self.write_mode.old_rows

    def condition(self, batch: Batch) -> str | None:
        """Return the SQL condition of the rows that give way to the batch's; None where none or all do."""
        if batch.rebuilds:
            return None
        if self.parts is not None:
            return self.parts.conditions.get(batch.number)
        return self.table.flow.source.replaced_rows(batch.inputs)
