"""What one transaction read and wants to write: everything that becomes one commit, or nothing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import pyarrow as pa

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    MetadataChange,
    ProtocolChange,
    SetTransaction,
    canonical_path,
)
from lakehouse.delta_log.data_files import WrittenFile
from lakehouse.delta_log.deletion_vectors import WrittenVector
from lakehouse.delta_log.errors import TransactionClosedError
from lakehouse.delta_log.scan import Predicate
from lakehouse.delta_log.schema import StructType
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.transaction import operations
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.commit_validation import check_actions
from lakehouse.delta_log.transaction.conflicts import NOTHING_READ, WHOLE_TABLE, ReadPredicate, ReadSet
from lakehouse.delta_log.transaction.draft import Draft
from lakehouse.delta_log.transaction.operations import SharedWrite, WriteKind
from lakehouse.delta_log.transaction.transaction_log import TransactionLog
from lakehouse.delta_log.transaction.view import TableView, first_view
from lakehouse.delta_log.transaction.writer_state import WriterState
from lakehouse.storage import AbstractStorageService

__all__ = ["Transaction", "TransactionStatus"]


class TransactionStatus(Enum):
    """The stages of a transaction."""

    OPEN = "open"
    COMMITTING = "being committed, with an outcome that isn't known"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"


class Transaction:
    """Changes of one table that become visible together. Made by ``TransactionManager.start_transaction``.

    Each method that changes the table is an operation of ``operations``, applied. Not for several threads at
    once. Data files are written when rows are given; the log knows of them only after the commit.
    """

    def __init__(self, *, state: WriterState, storage: AbstractStorageService, log: TransactionLog) -> None:
        self.transaction_id = str(uuid.uuid4())
        self.status = TransactionStatus.OPEN
        self.operation = "WRITE"
        """Delta's name of what is done, for the table's history."""
        self.operation_parameters: Mapping[str, str] = {}
        """Each value as JSON text."""
        self.user_metadata: str | None = None
        self.version: int | None = None
        """The version that it made, or, without actions, the one that it read; None until it is committed."""
        self.log = log
        self._storage = storage
        self._view = first_view(state, storage)
        self._actions: list[Action] = []
        self._written: list[WrittenFile] = []
        self._reads = NOTHING_READ

    @property
    def table(self) -> str:
        """The table's URI."""
        return self._storage.uri()

    @property
    def storage(self) -> AbstractStorageService:
        """Where the table is; rooted at it."""
        return self._storage

    @property
    def state(self) -> WriterState:
        """The version that the transaction reads, as writers see it."""
        return self._view.state

    @property
    def read_version(self) -> int:
        """The version that the transaction sees; -1 where there is no table."""
        return self._view.version

    @property
    def exists(self) -> bool:
        """Whether there is a table, or this transaction creates it."""
        return self._view.exists

    @property
    def metadata(self) -> MetadataChange:
        """The table's metadata as this transaction leaves it. Raises NoTableYetError."""
        return self._view.metadata

    @property
    def protocol(self) -> ProtocolChange:
        """The table's protocol as this transaction leaves it."""
        return self._view.protocol

    @property
    def snapshot(self) -> Snapshot:
        """The table at the read version. Say what you use of it by the methods below."""
        return self._view.snapshot

    @property
    def actions(self) -> Sequence[Action]:
        """What the commit will hold, beside its CommitInfo."""
        return tuple(self._actions)

    @property
    def written(self) -> Sequence[WrittenFile]:
        """Data files of this transaction's own: the only ones that a rollback deletes."""
        return tuple(self._written)

    # ---- changes ----

    @property
    def view(self) -> TableView:
        """What an operation starts from. Raises TransactionClosedError."""
        if self.status is not TransactionStatus.OPEN:
            raise TransactionClosedError(table=self.table, status=self.status.value)
        return self._view

    def apply(self, change: Change) -> None:
        """Take what an operation made of ``view`` into the commit. Raises TransactionClosedError."""
        self._written += change.written
        for action in change.actions:
            self.append_action(action)
        self._reads = self._reads.joined(change.reads)
        if change.operation is not None:
            self.operation = change.operation.name
            self.operation_parameters = change.operation.parameters

    def append_action(self, action: Action) -> None:
        """Take any action of the protocol into the commit. Raises TransactionClosedError."""
        self._view = self.view.after_action(action)
        if isinstance(action, MetadataChange | ProtocolChange):
            # The last one counts, and a commit may hold one only.
            self._actions = [each for each in self._actions if type(each) is not type(action)]
        self._actions.append(action)

    # ---- what is read ----

    def read_whole_table(self) -> None:
        """Note that the result depends on every row."""
        self.read_rows(WHOLE_TABLE, files=self._view.live_files.paths())

    def read_rows(self, predicate: ReadPredicate, *, files: Iterable[str] = ()) -> None:
        """Note that the result depends on the rows of a predicate, and which files were opened for it."""
        self._reads = self._reads.joined(ReadSet(predicates=(predicate,)))
        self.read_files(files)

    def read_files(self, paths: Iterable[str]) -> None:
        """Note that the result depends on the content of these files."""
        self._reads = self._reads.joined(ReadSet(files=frozenset(map(canonical_path, paths))))

    def application_version(self, application_id: str) -> int | None:
        """Return the progress of an application, and note that the result depends on it."""
        self._reads = self._reads.joined(ReadSet(applications=frozenset({application_id})))
        return self.snapshot.transaction_version(application_id) if self.read_version >= 0 else None

    # ---- single actions ----

    def add(self, file: AddFile) -> None:
        """Make a data file that is already in storage part of the table. Raises NoTableYetError."""
        self.view.require_table("add files")
        self.append_action(file)

    def remove(self, path: str, *, data_change: bool = True) -> None:
        """Take a live file out of the table. Raises FileNotLiveError."""
        for tombstone in self.view.live_files.tombstones([path], data_change=data_change):
            self.append_action(tombstone)

    def set_transaction(self, application_id: str, version: int) -> None:
        """Record the progress of an application, in the commit of its rows."""
        now_ms = time.time_ns() // 1_000_000
        self.append_action(SetTransaction(application_id=application_id, version=version, updated_ms=now_ms))

    def advance(self, application_id: str, version: int) -> bool:
        """Return False if the application has reached this version already: there is nothing to do.

        Else note the progress, so that this commit and any other of the same step exclude each other.
        """
        reached = self.application_version(application_id)
        if reached is not None and reached >= version:
            return False
        self.set_transaction(application_id, version)
        return True

    # ---- operations ----

    def create(
        self,
        schema: pa.Schema | StructType,
        *,
        partition_by: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        """Create the table. Raises TableExistsError."""
        change = operations.create_table(
            self.view,
            schema,
            partition_by=partition_by,
            properties=properties,
            name=name,
            description=description,
        )
        self.apply(change)

    def append(self, rows: pa.Table, *, merge_schema: bool = False) -> None:
        """Write rows into new files; create the table from the rows' schema if it does not exist."""
        self.apply(operations.append(self.view, rows, merge_schema=merge_schema))

    def adopt(self, keys: Iterable[str], schema: StructType, *, kind: WriteKind = WriteKind.APPEND) -> None:
        """Take Parquet files of this schema, already below the table's root, into the table."""
        self.apply(operations.adopt(self.view, keys, schema, kind=kind))

    def plan_shared_write(
        self,
        schema: StructType,
        *,
        kind: WriteKind = WriteKind.APPEND,
        new_schema: bool = False,
        partition_by: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
    ) -> SharedWrite:
        """Return how several processes write rows of this schema; a later transaction takes their files."""
        return operations.plan_shared_write(
            self.view,
            schema,
            kind=kind,
            new_schema=new_schema,
            partition_by=partition_by,
            properties=properties,
        )

    def take_shared_write(self, write: SharedWrite, files: Sequence[WrittenFile]) -> None:
        """Take what they wrote, which belongs to the transaction from then on. Raises DefinitionChangedError."""
        self.apply(operations.take_shared_write(self.view, write, files))

    def overwrite(self, rows: pa.Table, *, replace_schema: bool = False) -> None:
        """Replace all rows by these."""
        self.apply(operations.overwrite(self.view, rows, replace_schema=replace_schema))

    def replace_partitions(self, rows: pa.Table) -> None:
        """Replace all rows of the partitions that the rows are in."""
        self.apply(operations.replace_partitions(self.view, rows))

    def replace_where(self, predicate: Predicate, rows: pa.Table) -> None:
        """Replace the rows that meet a predicate, made with ``col``; the new rows must meet it too."""
        self.apply(operations.replace_where(self.view, predicate, rows))

    def delete(self, predicate: Predicate) -> None:
        """Remove the rows that meet a predicate."""
        self.apply(operations.delete(self.view, predicate))

    def rewrite(
        self, paths: Iterable[str], rows: pa.Table, *, tags: Mapping[str, str | None] | None = None
    ) -> None:
        """Replace files by others, which get these tags, that hold the same rows: no reader sees a change."""
        self.apply(operations.rewrite(self.view, paths, rows, tags=tags))

    def take_rewrite(self, paths: Iterable[str], files: Sequence[WrittenFile]) -> None:
        """Take files of ``SharedWrite.of_same_rows`` in place of others; they belong to the transaction then.

        Raises FileNotLiveError.
        """
        self.apply(operations.take_rewrite(self.view, paths, files))

    def take_changes(self, files: Sequence[WrittenFile]) -> None:
        """Take files of ``SharedWrite.write_changes``, which belong to the transaction from then on."""
        self.apply(operations.take_changes(files))

    def take_vectors(self, vectors: Sequence[WrittenVector]) -> None:
        """Take rows out of live files by ``write_deletion_vector``; the vectors belong to the transaction then.

        Raises FileNotLiveError, and UnenforceableRuleError where the table does not allow them.
        """
        self.apply(operations.take_vectors(self.view, vectors))

    def take_back(self, version: int) -> None:
        """Undo a version that only rewrote files: these come back, and no reader sees a change.

        Raises RowsChangedError where it did more, FileNotLiveError, VersionNotFoundError, DataFileError.
        """
        old = Snapshot.load(self.table, version - 1, storage=self._storage)
        self.apply(operations.take_back(self.view, old, self.snapshot.actions_of(version), version=version))

    def restore(self, version: int) -> None:
        """Give the table the rows and columns of an older version. Raises VersionNotFoundError, DataFileError."""
        old = Snapshot.load(self.table, version, storage=self._storage)
        self.apply(operations.restore(self.view, old))

    def set_properties(self, properties: Mapping[str, str | None]) -> None:
        """Set table properties, or unset those given as None; the protocol is upgraded where they need it."""
        self.apply(operations.set_properties(self.view, properties))

    def describe(self, *, comment: str | None = None, columns: Mapping[str, str] | None = None) -> None:
        """Set the comment of the table and those of columns, by name; what isn't given stays."""
        self.apply(operations.describe_table(self.view, comment=comment, columns=columns))

    def add_columns(self, columns: pa.Schema | StructType, *, widen: bool = False) -> None:
        """Add nullable columns at the end; columns of a struct that is there are added to it."""
        self.apply(operations.add_columns(self.view, columns, widen=widen))

    def enable_features(self, *features: str) -> None:
        """Upgrade the protocol so that it lists these features. Raises UnsupportedFeatureError."""
        self.apply(operations.enable_features(self.view, features))

    # ---- the way to a commit ----

    def draft(self) -> Draft:
        """Return what is to be committed, checked against everything that needs no other writer's commit."""
        check_actions(self._actions, state=self.state, metadata=self._view.current_metadata, table=self.table)
        return Draft(
            table=self.table,
            transaction_id=self.transaction_id,
            read_version=self.read_version,
            operation=self.operation,
            actions=self.actions,
            reads=self._reads,
            operation_parameters=self.operation_parameters,
            operation_metrics=self._metrics(),
            user_metadata=self.user_metadata,
        )

    def _metrics(self) -> dict[str, str]:
        rows = sum(file.rows for file in self._written)
        return {"numOutputRows": str(rows)} if self._written else {}
