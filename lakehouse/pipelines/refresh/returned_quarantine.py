"""Rows that were set aside beside a table, and come back when batches that took them away count no more."""

from __future__ import annotations

import datetime as dt

from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX, Warehouse
from lakehouse.tables import TableLog, restore, version_before

__all__ = ["return_quarantined"]


def return_quarantined(
    warehouse: Warehouse, batches: BatchLog, *, layer: str, folder: str, last: int | None
) -> None:
    """Put a table's quarantine back to what it was when ``last`` was the batch that the table took last.

    Only where later batches took rows away, as a rebuild does: rows that they added go with the next batch. Raises
    TableWriteError.
    """
    later = batches.first_after(last)
    log = TableLog(warehouse.path_of(layer, f"{folder}{QUARANTINE_SUFFIX}"))
    state = log.state()
    if later is None or state is None:
        return
    version = version_before(log, dt.datetime.fromisoformat(later.planned_at))
    if version is not None and log.paths_added(after=version, through=state.version) is None:
        newest = batches.newest(last=None) or later
        restore(log, version=version, application=later.flow, decided=newest.number)
