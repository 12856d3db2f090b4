"""The order in which a table takes the pieces of an application's work."""

from __future__ import annotations

from lakehouse.tables.errors import SupersededWriteError
from lakehouse.tables.interface import TableState, TransactionId

__all__ = ["check_order", "check_order_after"]


def check_order(state: TableState | None, transaction: TransactionId, *, path: str) -> None:
    """Raise SupersededWriteError when the table's last piece is not the one that the transaction follows."""
    last = state.last_taken(transaction.application) if state is not None else None
    check_order_after(last, transaction, path=path)


def check_order_after(last: int | None, transaction: TransactionId, *, path: str) -> None:
    """Raise SupersededWriteError when ``last`` is not the piece that the transaction follows."""
    if transaction.follows is not None and last != transaction.follows.number:
        raise SupersededWriteError(
            path=path, application=transaction.application, number=transaction.number, last=last
        )
