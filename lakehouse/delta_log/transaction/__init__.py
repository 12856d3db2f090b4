"""From what a writer wants to one more version of a table, or to nothing at all."""

from lakehouse.delta_log.transaction.backoff import Backoff
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import ReadPredicate, ReadSet
from lakehouse.delta_log.transaction.operations import SharedWrite, WriteKind
from lakehouse.delta_log.transaction.transaction import Transaction, TransactionStatus
from lakehouse.delta_log.transaction.transaction_log import Committed, TransactionLog
from lakehouse.delta_log.transaction.transaction_manager import TransactionManager
from lakehouse.delta_log.transaction.view import TableView
from lakehouse.delta_log.transaction.writer_state import WriterState

__all__ = [
    "Backoff",
    "Change",
    "Committed",
    "Operation",
    "ReadPredicate",
    "ReadSet",
    "SharedWrite",
    "TableView",
    "Transaction",
    "TransactionLog",
    "TransactionManager",
    "TransactionStatus",
    "WriteKind",
    "WriterState",
]
