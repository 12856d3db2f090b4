"""Puts a fence before a piece of work that Delta on Spark commits, for Delta checks no order by itself."""

from __future__ import annotations

from lakehouse.delta_log import (
    ConcurrentTransactionException,
    DeltaLogError,
    TransactionManager,
    TransactionStatus,
)
from lakehouse.errors import StorageError
from lakehouse.tables.errors import TableWriteError
from lakehouse.tables.progress import Progress, fence_before
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["put_fence"]

_MANAGER = TransactionManager(durable=True)


def put_fence(path: str, piece: TransactionId) -> None:
    """Check a piece's order and keep the pieces out that could come in before it, in one commit without rows.

    Raises SupersededWriteError, TableWriteError. No commit is made where no piece could come in.
    """
    while True:
        transaction = _MANAGER.start_transaction(path)
        try:
            progress = Progress.of(piece.application, transaction.application_version)
            if piece.is_taken(progress.last):
                return
            progress.check_order(piece, path=path)
            if not progress.needs_fence(piece):
                return
            for application, number in fence_before(piece).items():
                transaction.set_transaction(application, number)
            _MANAGER.commit_transaction(transaction)
        except ConcurrentTransactionException:
            continue  # another piece came: look at the order again
        except (DeltaLogError, StorageError, OSError) as error:
            raise TableWriteError(path=path, action="put a fence in", cause=str(error)) from error
        else:
            return
        finally:
            if transaction.status is TransactionStatus.OPEN:
                _MANAGER.rollback_transaction(transaction)
