"""What became of each batch of a table, told from its files and the table's log; and how a pending one is dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lakehouse.pipelines.errors import AmbiguousTableError, NoPendingBatchError, UnknownTableError
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.returned_rows import return_quarantined
from lakehouse.pipelines.refresh.staged_batches import StagedBatches
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.tables import TableLog

__all__ = ["BatchState", "batch_states", "drop_pending_batch", "place_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch, and whether the table has it."""

    number: int
    decided_at: str
    """ISO 8601, UTC."""
    state: Literal["taken", "decided", "judged", "abandoned"]
    """``decided`` and ``judged`` batches are finished by the next run; an abandoned one's inputs come again."""
    inputs: Mapping[str, Any]


def batch_states(warehouse: Warehouse, table: str) -> tuple[BatchState, ...]:
    """Return the batches of a table, oldest first. Raises UnknownTableError."""
    layer, folder = place_of(warehouse, table)
    log, last = _batches(warehouse, layer, folder)
    taken = {batch.number for batch in log.taken(last)}
    pending = log.pending(last)
    staged = StagedBatches(warehouse.storage, layer=layer, table=folder)

    def state(batch: Batch) -> Literal["taken", "decided", "judged", "abandoned"]:
        if batch.number in taken:
            return "taken"
        if batch != pending:
            return "abandoned"
        return "judged" if staged.find(batch.number) is not None else "decided"

    return tuple(
        BatchState(number=batch.number, decided_at=batch.planned_at, state=state(batch), inputs=batch.inputs)
        for batch in log.all()
    )


def drop_pending_batch(warehouse: Warehouse, table: str) -> int:
    """Abandon the batch that the next run would finish, and return its number; its inputs come again.

    Raises UnknownTableError, NoPendingBatchError. No run may be at work on the table.
    """
    layer, folder = place_of(warehouse, table)
    log, last = _batches(warehouse, layer, folder)
    pending = log.pending(last)
    if pending is None:
        raise NoPendingBatchError(table=table)
    log.drop(pending.number)
    return_quarantined(warehouse, log, layer=layer, folder=folder, last=last)
    return pending.number


def _batches(warehouse: Warehouse, layer: str, table: str) -> tuple[BatchLog, int | None]:
    log = BatchLog(warehouse.storage, layer=layer, table=table)
    state = TableLog(warehouse.path_of(layer, table)).state()
    newest = log.newest(last=None)
    return log, state.last_taken(newest.flow) if state is not None and newest is not None else None


def place_of(warehouse: Warehouse, table: str) -> tuple[str, str]:
    """Return the layer and the folder of a table that has batches; ``table`` may be ``layer.name``.

    Raises UnknownTableError, and AmbiguousTableError for a name that several layers have.
    """
    prefix = f"{SYSTEM_LAYER}/batches/"
    found = {tuple(stat.key.removeprefix(prefix).split("/")[:2]) for stat in warehouse.storage.list(prefix)}
    places = [(layer, name) for layer, name in sorted(found) if table in (name, f"{layer}.{name}")]
    if not places:
        raise UnknownTableError(table=table, known=[name for _, name in found], warehouse=warehouse.root)
    if len(places) > 1:
        raise AmbiguousTableError(table=table, layers=[layer for layer, _ in places])
    return places[0]
