"""Whether a batch is made from new rows, decided with the batch and written down in it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import NewInputs
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.groups.grouped_flow import GroupedFlow, NotGrouped
from lakehouse.pipelines.refresh.groups.kept_state import KeptStates

__all__ = ["Choice", "is_worth_keeping"]

_WORTH_KEEPING_BYTES = 16 * 1024 * 1024
_WORTH_KEEPING_ROWS = 1_000_000
"""A source of less is read in about the time that a Spark job takes which keeps groups. Both count: rows that are
much alike take few bytes, and their groups as long as any."""


def is_worth_keeping(table: TableDefinition, context: RefreshContext, batch: Batch) -> bool:
    """Say whether groups are kept, by what the table declares; where it leaves that open, by the source's size."""
    policy = table.options.refresh_policy
    if policy != "auto":
        return policy == "incremental"
    size_bytes = table.flow.source.size_bytes(context, batch.inputs)
    if size_bytes is None or size_bytes >= _WORTH_KEEPING_BYTES:
        return True
    row_count = table.flow.source.row_count(context, batch.inputs)
    return row_count is not None and row_count >= _WORTH_KEEPING_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Chooses for one table, from logs and listings."""

    table: TableDefinition
    context: RefreshContext
    flow: GroupedFlow | NotGrouped
    states: KeptStates

    def of(self, batch: Batch, last: Batch | None) -> Batch:
        """Return the batch with the inputs that hold its new rows, or why it reads all rows."""
        mode = self.table.flow.write_mode
        if last is None or mode is None or mode.old_rows is not OldRows.GO:
            return batch
        found = self._added(batch, last)
        if isinstance(found, str):
            return msgspec.structs.replace(batch, how=f"whole: {found}")
        kept = self.states.find(last)
        if kept is None:
            how = f"whole: the groups of batch {last.number} are not kept"
            return msgspec.structs.replace(batch, how=how)
        how = f"incremental: {found.reason} ({kept.counts.get('groups', 0):,} groups are kept)"
        return msgspec.structs.replace(batch, added=dict(found.known or {}), how=how)

    def _added(self, batch: Batch, last: Batch) -> NewInputs | str:
        if self.table.options.refresh_policy == "full":
            return "its refresh_policy is 'full'"
        if isinstance(self.flow, NotGrouped):
            return self.flow.reason
        if batch.fingerprint != last.fingerprint:
            return "its definition changed"
        for name in sorted(self.flow.tables_before):
            if batch.pinned.get(name) != last.pinned.get(name):
                return f"{name}, which it joins, was at version {last.pinned.get(name)}"
        if not is_worth_keeping(self.table, self.context, batch):
            return "its source is so small that all rows are read sooner than groups are kept"
        return self.table.flow.source.added_since(self.context, last.inputs, batch.inputs)
