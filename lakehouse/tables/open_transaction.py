"""A transaction for a block of code, which commits it or leaves the table as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.delta_log import Transaction, TransactionManager, TransactionStatus

__all__ = ["open_transaction"]


@contextmanager
def open_transaction(manager: TransactionManager, path: str) -> Iterator[Transaction]:
    """Start a transaction, and roll it back at the end of the block unless the block has committed it."""
    transaction = manager.start_transaction(path)
    try:
        yield transaction
    finally:
        if transaction.status is not TransactionStatus.COMMITTED:
            manager.rollback_transaction(transaction)
