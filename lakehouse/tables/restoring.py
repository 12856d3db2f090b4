"""Put a table back to an older version, and with it how far an application's work in it has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse.delta_log import (
    DeltaLogError,
    TransactionManager,
    TransactionStatus,
    VersionNotFoundError,
)
from lakehouse.errors import StorageError
from lakehouse.tables.errors import TableWriteError
from lakehouse.tables.log import TableLog
from lakehouse.tables.progress import Progress, fence

__all__ = ["RestoredTable", "restore", "version_before"]

_MANAGER = TransactionManager(durable=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredTable:
    """A table that is again as it was."""

    version: int
    """The new version, whose rows are those of the old one."""
    last: int | None
    """The piece of work that it took last; None for a table that has none."""


def restore(
    log: TableLog,
    *,
    version: int,
    application: str,
    decided: int,
    before_commit: Callable[[], None] = lambda: None,
) -> RestoredTable:
    """Give a table the rows that it had at ``version``, in one commit without Spark.

    Of the application's pieces it has those that it had then; ``decided`` is the newest that was ever decided,
    and none up to it can come in late. ``before_commit`` is called once nothing stands against it. Raises
    VersionNotFoundError, TableWriteError.
    """
    then = {name: taken.version for name, taken in log.at(version).transactions.items()}
    last = Progress.of(application, then.get).last
    transaction = _MANAGER.start_transaction(log.path)
    try:
        transaction.restore(version)
        reached = max(decided, transaction.application_version(application) or 0)
        for name, number in fence(application, reached=reached, last=last).items():
            transaction.set_transaction(name, number)
        before_commit()
        return RestoredTable(version=_MANAGER.commit_transaction(transaction), last=last)
    except VersionNotFoundError:
        raise
    except (DeltaLogError, StorageError, OSError) as error:
        raise TableWriteError(path=log.path, action="restore", cause=str(error)) from error
    finally:
        if transaction.status is TransactionStatus.OPEN:
            _MANAGER.rollback_transaction(transaction)


def version_before(log: TableLog, moment: dt.datetime) -> int | None:
    """Return the last version that was committed before a moment; None where no such commit is left.

    A commit's own time counts: that of its file is another one after the table was copied.
    """
    snapshot = log.snapshot()
    for entry in () if snapshot is None else snapshot.history():
        committed_ms = entry.commit_info.timestamp_ms or entry.timestamp_ms
        if committed_ms < moment.timestamp() * 1000:
            return entry.version
    return None
