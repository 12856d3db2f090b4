"""Transactions on Delta tables: the way in for everybody who writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehouse.delta_log.commit_protocols import (
    CommitProtocol,
    HardLinkProtocol,
    PutIfAbsentProtocol,
    SparkGuard,
)
from lakehouse.delta_log.errors import (
    CommitBudgetSpentError,
    CommitRefusedError,
    DeltaConcurrentModificationException,
    LogCleanedMeanwhileError,
    TableReplacedError,
    TransactionClosedError,
)
from lakehouse.delta_log.log_segment import LOG_FOLDER
from lakehouse.delta_log.stored_objects import table_storage
from lakehouse.delta_log.table_features import check_writable
from lakehouse.delta_log.transaction.after_commit import after_commit
from lakehouse.delta_log.transaction.backoff import Backoff
from lakehouse.delta_log.transaction.transaction import Transaction, TransactionStatus
from lakehouse.delta_log.transaction.transaction_log import TransactionLog
from lakehouse.delta_log.transaction.writer_state import load_writer_state
from lakehouse.storage import AbstractStorageService, LocalStorageService

__all__ = ["TransactionManager"]

_NOTHING_WAS_COMMITTED = (
    DeltaConcurrentModificationException,
    CommitBudgetSpentError,
    CommitRefusedError,
    LogCleanedMeanwhileError,
    TableReplacedError,
)

_OPEN_TABLES = 32
"""So many tables stay open: each takes a watch of the kernel, of which a user has 128 over all programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenTable:
    storage: AbstractStorageService
    log: TransactionLog


class TransactionManager:
    """Starts, commits and rolls back transactions. One for a whole process will do: it is safe in threads.

    >>> manager = TransactionManager()
    >>> with manager.transaction("/lake/sales") as transaction:
    ...     transaction.append(rows)

    ``storage`` is rooted at one table, and ``protocol`` makes its versions; by default both follow from a
    table's path. ``spark_writers=False`` declares that delta-spark never writes the tables of this manager on
    a local disk, and so commits needn't be kept from it. ``durable=True`` syncs every commit to the disk.
    """

    def __init__(
        self,
        *,
        storage: AbstractStorageService | None = None,
        protocol: CommitProtocol | None = None,
        spark_writers: bool = True,
        durable: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        self._storage = storage
        self._protocol = protocol
        self._spark_writers = spark_writers
        self._durable = durable
        self._backoff = backoff
        self._tables: dict[str, _OpenTable] = {}
        self._lock = threading.Lock()

    def start_transaction(self, table_path: str | Path) -> Transaction:
        """Return a transaction that reads the table's newest version; the table may not exist yet.

        Raises UnsupportedFeatureError for a table that asks for more of its writers than is honoured here.
        """
        table = self._open(table_path)
        state = table.log.refresh()
        if state.protocol is not None:
            check_writable(state.protocol, table=table.storage.uri())
        return Transaction(state=state, storage=table.storage, log=table.log)

    def commit_transaction(self, transaction: Transaction) -> int:
        """Make the transaction visible, whole, and return its version; without actions, the one it read.

        Raises a DeltaConcurrentModificationException if another commit contradicts it, and
        CommitOutcomeUnknownError if storage doesn't say what happened: look before you run it again.
        """
        if transaction.status is not TransactionStatus.OPEN:
            raise TransactionClosedError(table=transaction.table, status=transaction.status.value)
        if not transaction.actions:
            transaction.status = TransactionStatus.COMMITTED
            transaction.version = transaction.read_version
            return transaction.version
        draft = transaction.draft()
        # From here on, whatever ends this (Ctrl-C too) leaves the data files alone, unless it is surely lost.
        transaction.status = TransactionStatus.COMMITTING
        try:
            committed = transaction.log.commit(draft, transaction.state)
        except _NOTHING_WAS_COMMITTED:
            transaction.status = TransactionStatus.OPEN
            raise
        transaction.status = TransactionStatus.COMMITTED
        transaction.version = committed.version
        after_commit(transaction.storage, committed)
        return committed.version

    def rollback_transaction(self, transaction: Transaction) -> None:
        """Delete the data files that the transaction wrote and that were never committed; nothing else.

        Where it isn't known whether they were committed, they stay, and vacuum finds them if not.
        """
        if transaction.status in (TransactionStatus.COMMITTED, TransactionStatus.ROLLED_BACK):
            raise TransactionClosedError(table=transaction.table, status=transaction.status.value)
        if transaction.status is TransactionStatus.OPEN:
            for file in transaction.written:
                transaction.storage.delete(file.key)
            transaction.status = TransactionStatus.ROLLED_BACK

    @contextmanager
    def transaction(self, table_path: str | Path) -> Iterator[Transaction]:
        """Start a transaction, commit it at the end of the block, and roll it back on any exception."""
        transaction = self.start_transaction(table_path)
        try:
            yield transaction
            self.commit_transaction(transaction)
        except BaseException:
            if transaction.status is not TransactionStatus.COMMITTED:
                self.rollback_transaction(transaction)
            raise

    def _open(self, table_path: str | Path) -> _OpenTable:
        key = str(table_path)
        with self._lock:
            table = self._tables.pop(key, None) or self._opened(table_path)
            self._tables[key] = table
            while len(self._tables) > _OPEN_TABLES:
                del self._tables[next(iter(self._tables))]  # the one that was used longest ago
            return table

    def _opened(self, table_path: str | Path) -> _OpenTable:
        storage = table_storage(str(table_path)) if self._storage is None else self._storage
        protocol = self._protocol_for(table_path, storage) if self._protocol is None else self._protocol
        log = TransactionLog(
            table=storage.uri(),
            protocol=protocol,
            load=lambda: load_writer_state(storage),
            backoff=self._backoff,
        )
        return _OpenTable(storage=storage, log=log)

    def _protocol_for(self, table_path: str | Path, storage: AbstractStorageService) -> CommitProtocol:
        if not isinstance(storage, LocalStorageService):
            return PutIfAbsentProtocol(storage)
        table = storage.path()
        guard = SparkGuard(table / LOG_FOLDER) if self._spark_writers else None
        return HardLinkProtocol(table, guard=guard, durable=self._durable)
