"""Rows that are kept beside a table, and come back when batches that took them away count no more.

The table itself is as it is to be by then: where its neighbour's old files are gone, that is only warned of.
"""

from __future__ import annotations

import datetime as dt
import logging

from lakehouse.delta_log import CommitInfo, RemoveFile, SetTransaction
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.warehouse import CHANGES_LAYER, QUARANTINE_SUFFIX, Warehouse
from lakehouse.tables import TableLog, TableWriteError, restore, version_before

__all__ = ["return_changes", "return_given_up", "return_quarantined"]

_log = logging.getLogger(__name__)


def return_quarantined(
    warehouse: Warehouse,
    batches: BatchLog,
    *,
    layer: str,
    folder: str,
    last: int | None,
    before: int | None = None,
) -> None:
    """Put a table's quarantine back to what it was when ``last`` was the batch that the table took last.

    Only where later batches took rows away, as a rebuild does: rows that they added go with the next batch. With
    ``before``, nothing is done where the batch of this number has come to the quarantine.
    """
    log = TableLog(warehouse.path_of(layer, f"{folder}{QUARANTINE_SUFFIX}"))
    _put_back(log, batches, last=last, before=before)


def return_given_up(
    warehouse: Warehouse, batches: BatchLog, batch: Batch, *, layer: str, folder: str
) -> None:
    """Put back what batches took out of a table's quarantine that lie between ``batch`` and its predecessor."""
    first = 0 if batch.predecessor is None else batch.predecessor + 1
    if batch.number > first:
        return_quarantined(
            warehouse, batches, layer=layer, folder=folder, last=batch.predecessor, before=batch.number
        )


def return_changes(
    warehouse: Warehouse, batches: BatchLog, *, layer: str, folder: str, last: int | None
) -> None:
    """Do the same for the changes that a table made of changes doesn't show.

    A table that was put back, and took a batch then, has lost those of the batches between: they come back when it is
    put back to one of them after all.
    """
    log = TableLog(warehouse.path_of(f"{CHANGES_LAYER}/{layer}", folder))
    _put_back(log, batches, last=last, before=None)


def _put_back(log: TableLog, batches: BatchLog, *, last: int | None, before: int | None) -> None:
    later, state = batches.first_after(last), log.state()
    if later is None or state is None:
        return
    if before is not None and (state.progress(later.flow).reached or 0) >= before:
        return
    version = version_before(log, dt.datetime.fromisoformat(later.planned_at))
    if version is None or log.paths_added(after=version, through=state.version) is not None:
        return
    if _took_rows_away(log, later.flow, after=version, through=state.version):
        newest = batches.newest(last=None) or later
        decided = newest.number if before is None else before - 1
        try:
            restore(log, version=version, application=later.flow, decided=decided)
        except TableWriteError as error:
            _log.warning(
                "Rows of version %d that later batches took away don't come back: %s", version, error
            )


def _took_rows_away(log: TableLog, flow: str, *, after: int, through: int) -> bool:
    """Say whether a batch of the flow took rows away in these versions: all of them, or those of some batches.

    What somebody else deleted, who was done with it, does not come back.
    """
    for version in range(after + 1, through + 1):
        actions = log.at(through).actions_of(version)
        if not any(isinstance(each, RemoveFile) and each.data_change for each in actions):
            continue
        if any(isinstance(each, SetTransaction) and each.application_id == flow for each in actions):
            return True
        infos = [each for each in actions if isinstance(each, CommitInfo)]
        if any("_batch" in str((each.operation_parameters or {}).get("predicate", "")) for each in infos):
            return True
    return False
