"""What follows a commit: checksum, checkpoint, cleanup. A failure here can't fail the commit: it is made."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lakehouse.delta_log.checkpoint import clean_log, is_cleanup_enabled, write_checkpoint
from lakehouse.delta_log.log_segment import checksum_key
from lakehouse.delta_log.replay import checksum_of
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.transaction_log import Committed
from lakehouse.storage import AbstractStorageService

__all__ = ["after_commit"]

_log = logging.getLogger(__name__)


def after_commit(storage: AbstractStorageService, committed: Committed) -> None:
    """Do what makes the next readers faster; a failure is only logged."""
    table = storage.uri()
    _quietly(table, committed, "checksum", lambda: _write_checksum(storage, committed))
    interval = TableProperties(committed.state.properties).checkpoint_interval
    if committed.version > 0 and committed.version % interval == 0:
        snapshot = Snapshot(storage, committed.state.table)
        _quietly(table, committed, "checkpoint", lambda: write_checkpoint(storage, snapshot))
        if is_cleanup_enabled(snapshot):
            _quietly(table, committed, "log cleanup", lambda: clean_log(storage, snapshot))


def _write_checksum(storage: AbstractStorageService, committed: Committed) -> None:
    checksum = checksum_of(
        committed.state.table,
        transaction_id=committed.transaction_id,
        in_commit_timestamp_ms=committed.state.in_commit_timestamp_ms,
    )
    storage.put_if_absent(checksum_key(committed.version), checksum.encoded())


def _quietly(table: str, committed: Committed, what: str, action: Callable[[], object]) -> None:
    try:
        action()
    except Exception:  # noqa: BLE001 - whatever it is, the commit is made
        _log.warning("%s: no %s for version %d", table, what, committed.version, exc_info=True)
