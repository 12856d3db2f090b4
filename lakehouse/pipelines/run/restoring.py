"""Put a table of a warehouse back to an older version: its batches are again those that it had then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from lakehouse.pipelines.refresh.batch_states import place_of
from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.refresh.returned_rows import return_changes, return_quarantined
from lakehouse.pipelines.run.lock import run_lock
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.tables import TableLog, restore

__all__ = ["Restored", "restore_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A table that is again as it was at an older version."""

    table: str
    """With its layer: ``silver/sales``."""
    restored_to: int
    """The version whose rows it has."""
    version: int
    """The new version that has them."""
    last_batch: int | None
    """The batch that it took last; what later ones brought comes again. None for a table without one."""
    ahead: tuple[str, ...]
    """Tables that have read its new rows beyond that version: they say with their next refresh what they need."""


def restore_table(warehouse: Warehouse, table: str, version: int) -> Restored:
    """Give a table the rows that it had at ``version``, in one commit without Spark.

    The next run goes on after the batch that the table had taken then: inputs of later ones come again. Raises
    UnknownTableError, VersionNotFoundError, TableWriteError, and RunHeldError while a run is at work.
    """
    layer, folder = place_of(warehouse, table)
    batches = BatchLog(warehouse.storage, layer=layer, table=folder)
    newest = batches.newest(last=None)
    assert newest is not None  # noqa: S101 - a table that is known has batches
    log = TableLog(warehouse.path_of(layer, folder))
    log.at(version)  # it must be there before anything is changed
    with run_lock(warehouse, newest.flow.split("/")[1]).held():
        newest = batches.newest(last=None) or newest  # a run may have decided another one meanwhile
        restored = restore(
            log,
            version=version,
            application=newest.flow,
            decided=newest.number,
            # What was decided and not taken was decided after rows that are about to go.
            before_commit=partial(batches.drop, newest.number),
        )
        return_quarantined(warehouse, batches, layer=layer, folder=folder, last=restored.last)
        return_changes(warehouse, batches, layer=layer, folder=folder, last=restored.last)
    return Restored(
        table=f"{layer}/{folder}",
        restored_to=version,
        version=restored.version,
        last_batch=restored.last,
        ahead=tuple(_readers_beyond(warehouse, log, version)),
    )


def _readers_beyond(warehouse: Warehouse, log: TableLog, version: int) -> Iterator[str]:
    """Yield the tables whose last batch read new rows of this one, beyond a version."""
    state = log.state()
    prefix = f"{SYSTEM_LAYER}/batches/"
    keys = (stat.key.removeprefix(prefix).split("/") for stat in warehouse.storage.list(prefix))
    for layer, table in sorted({(layer, table) for layer, table, _ in keys}):
        batches = BatchLog(warehouse.storage, layer=layer, table=table)
        reader = TableLog(warehouse.path_of(layer, table)).state()
        newest = batches.newest(last=None)
        last = None if reader is None or newest is None else reader.last_taken(newest.flow)
        if state is None or last is None:
            continue
        inputs = batches.get(last).batch.inputs
        is_read = inputs.get("table_id") == state.table_id and inputs.get("after", -1) >= 0
        if is_read and inputs.get("through", -1) > version:
            yield f"{layer}/{table}"
