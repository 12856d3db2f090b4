"""Parquet files that are written already, into a table in one commit. No session is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    ConcurrentTransactionException,
    DefinitionChangedError,
    DeltaConcurrentModificationException,
    DeltaLogError,
    Predicate,
    Transaction,
    TransactionManager,
    WriteKind,
    schema_from_json,
)
from lakehouse.errors import StorageError
from lakehouse.tables.errors import TableWriteError
from lakehouse.tables.interface import AlreadyPublished, Published, progress_in
from lakehouse.tables.log import TableLog
from lakehouse.tables.open_transaction import open_transaction
from lakehouse.tables.plain_schema import json_of_nullable
from lakehouse.tables.progress import Progress
from lakehouse.tables.staged_files import StagedFile
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["Rewrite", "committed_once", "delete_rows", "publish_files", "publish_rewrite"]

_MANAGER = TransactionManager(durable=True)


def publish_files(
    log: TableLog,
    files: Sequence[StagedFile],
    schema: StructType,
    taken: TransactionId,
    kind: WriteKind = WriteKind.APPEND,
    *,
    new_columns: bool = False,
) -> Published | AlreadyPublished:
    """Make files of this schema part of the table, which need not exist yet; they stay where they are.

    ``new_columns`` lets the table get those that it lacks, and those that it has grow.
    Raises SupersededWriteError, TableWriteError.
    """

    def fill(transaction: Transaction) -> bool:
        struct = schema_from_json(json_of_nullable(schema), table=log.path)
        if new_columns and transaction.exists:
            transaction.add_columns(struct, widen=True)
        transaction.adopt((file.put_in(log.path) for file in files), struct, kind=kind)
        return True

    action = "replace" if kind is WriteKind.OVERWRITE else "append to"
    try:
        published = committed_once(log, taken, action, fill)
    except DeltaConcurrentModificationException as error:
        raise TableWriteError(path=log.path, action=action, cause=str(error)) from error
    assert published is not None  # noqa: S101 - fill declines nothing
    return published


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """Files that take the place of others in one version of a table."""

    removed: tuple[str, ...]
    """Names below the table's folder."""
    added: Sequence[StagedFile]
    schema: StructType


def publish_rewrite(
    log: TableLog, taken: TransactionId, rewrite: Callable[[int], Rewrite | None]
) -> Published | AlreadyPublished | None:
    """Commit a merge: what ``rewrite`` makes of the version that it is given.

    None where it makes nothing of it, or where the table has changed meanwhile. Raises SupersededWriteError,
    TableWriteError.
    """

    def fill(transaction: Transaction) -> bool:
        made = rewrite(transaction.read_version)
        if made is None:
            return False
        transaction.read_whole_table()
        for name in made.removed:
            transaction.remove(name)
        struct = schema_from_json(json_of_nullable(made.schema), table=log.path)
        transaction.adopt((file.put_in(log.path) for file in made.added), struct)
        transaction.operation, transaction.operation_parameters = "MERGE", {}
        return True

    try:
        return committed_once(log, taken, "merge into", fill)
    except DeltaConcurrentModificationException:
        return None


def delete_rows(log: TableLog, predicate: Predicate) -> None:
    """Remove the rows that meet a predicate, also where others change the table meanwhile. Raises TableWriteError."""
    while True:
        try:
            with _MANAGER.transaction(log.path) as transaction:
                transaction.delete(predicate)
        except DeltaConcurrentModificationException:
            continue  # as often as somebody else gets ahead: perhaps with the same rows
        except (OSError, StorageError, DeltaLogError) as error:
            raise TableWriteError(path=log.path, action="delete from", cause=str(error)) from error
        return


def committed_once(
    log: TableLog, taken: TransactionId, action: str, fill: Callable[[Transaction], bool]
) -> Published | AlreadyPublished | None:
    """Commit what ``fill`` puts into a transaction, unless the table has ``taken`` already; None where it declines.

    Raises SupersededWriteError, TableWriteError, or DeltaConcurrentModificationException and DefinitionChangedError
    where the table changed.
    """
    try:
        with open_transaction(_MANAGER, log.path) as transaction:
            progress = Progress.of(taken.application, transaction.application_version)
            if taken.is_taken(progress.last):
                return AlreadyPublished(version=transaction.read_version)
            progress.check_order(taken, path=log.path)
            transaction.set_transaction(taken.application, taken.number)
            if not fill(transaction):
                return None
            return Published(version=_MANAGER.commit_transaction(transaction))
    except ConcurrentTransactionException as error:
        return _taken_by_another(log, taken, action, error)
    except (DeltaConcurrentModificationException, DefinitionChangedError):
        now = log.state()
        if now is not None and now.has_taken(taken):
            return AlreadyPublished(
                version=now.version
            )  # another attempt made the table, or gave it its columns
        raise
    except (OSError, StorageError, DeltaLogError) as error:
        raise TableWriteError(path=log.path, action=action, cause=str(error)) from error


def _taken_by_another(
    log: TableLog, taken: TransactionId, action: str, error: ConcurrentTransactionException
) -> AlreadyPublished:
    now = log.state()
    if now is not None and now.has_taken(taken):
        return AlreadyPublished(version=now.version)
    progress_in(now, taken.application).check_order(taken, path=log.path)
    raise TableWriteError(path=log.path, action=action, cause=str(error)) from error
