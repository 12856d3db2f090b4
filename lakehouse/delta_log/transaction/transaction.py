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
from lakehouse.delta_log.data_files import TableLayout, WrittenFile, layout_of
from lakehouse.delta_log.errors import NoTableYetError, TransactionClosedError
from lakehouse.delta_log.scan import Predicate
from lakehouse.delta_log.schema import StructType
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import INITIAL_PROTOCOL
from lakehouse.delta_log.transaction.commit_validation import check_actions
from lakehouse.delta_log.transaction.conflicts import WHOLE_TABLE, ReadPredicate, Reads
from lakehouse.delta_log.transaction.draft import Draft
from lakehouse.delta_log.transaction.live_files import LiveFiles
from lakehouse.delta_log.transaction.operations import predicate_changes, row_changes, table_changes
from lakehouse.delta_log.transaction.transaction_log import TransactionLog
from lakehouse.delta_log.transaction.writer_state import WriterState
from lakehouse.storage import AbstractStorageService

__all__ = ["Transaction", "TransactionStatus"]


class TransactionStatus(Enum):
    """How far a transaction has come."""

    OPEN = "open"
    COMMITTING = "being committed, with an outcome that isn't known"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"


class Transaction:
    """Changes of one table that become visible together. Made by ``TransactionManager.start_transaction``.

    Not for several threads at once. Data files are written when rows are given; the log knows of them only
    after the commit.
    """

    def __init__(self, *, state: WriterState, storage: AbstractStorageService, log: TransactionLog) -> None:
        self.transaction_id = str(uuid.uuid4())
        self.status = TransactionStatus.OPEN
        self.operation = "WRITE"
        """Delta's name of what is done, for the table's history."""
        self.operation_parameters: dict[str, str] = {}
        """Each value as JSON text."""
        self.user_metadata: str | None = None
        self.written: list[WrittenFile] = []
        """Data files of this transaction's own: the only ones that a rollback deletes."""
        self._state = state
        self._storage = storage
        self.log = log
        self._actions: list[Action] = []
        self._metadata = state.metadata
        self._protocol = state.protocol
        self._live_files: LiveFiles | None = None
        self._predicates: list[ReadPredicate] = []
        self._read_files: set[str] = set()
        self._read_applications: set[str] = set()

    @property
    def table(self) -> str:
        """The table's URI."""
        return self._storage.uri()

    @property
    def storage(self) -> AbstractStorageService:
        return self._storage

    @property
    def state(self) -> WriterState:
        return self._state

    @property
    def read_version(self) -> int:
        """The version that the transaction sees; -1 if there is no table."""
        return self._state.version

    @property
    def metadata(self) -> MetadataChange:
        """The table's metadata as this transaction leaves it. Raises NoTableYetError."""
        if self._metadata is None:
            raise NoTableYetError(table=self.table, action="do this")
        return self._metadata

    @property
    def current_metadata(self) -> MetadataChange | None:
        """The same, or None where there is no table."""
        return self._metadata

    @property
    def protocol(self) -> ProtocolChange:
        """The table's protocol as this transaction leaves it."""
        return INITIAL_PROTOCOL if self._protocol is None else self._protocol

    @property
    def exists(self) -> bool:
        """Whether there is a table, or this transaction creates it."""
        return self._metadata is not None

    @property
    def layout(self) -> TableLayout:
        return layout_of(self.metadata, table=self.table)

    @property
    def actions(self) -> Sequence[Action]:
        return tuple(self._actions)

    # ---- what is read ----

    @property
    def snapshot(self) -> Snapshot:
        """The table at the read version. Say what you use of it by the methods below."""
        return Snapshot(self._storage, self._state.table)

    @property
    def live_files(self) -> LiveFiles:
        # Not a cached_property: before Python 3.12 that locks out all other transactions of the process.
        if self._live_files is None:
            files = self._state.table.files.adds()
            self._live_files = LiveFiles(files, table=self.table, version=self.read_version)
        return self._live_files

    def read_whole_table(self) -> None:
        """Note that the result depends on every row."""
        self._predicates.append(WHOLE_TABLE)
        self._read_files.update(self.live_files.paths())

    def read_rows(self, predicate: ReadPredicate, *, files: Iterable[str] = ()) -> None:
        """Note that the result depends on the rows of a predicate, and which files were opened for it."""
        self._predicates.append(predicate)
        self.read_files(files)

    def read_files(self, paths: Iterable[str]) -> None:
        """Note that the result depends on the content of these files."""
        self._read_files.update(map(canonical_path, paths))

    def application_version(self, application_id: str) -> int | None:
        """Return how far an application has come, and note that the result depends on it."""
        self._read_applications.add(application_id)
        return self.snapshot.transaction_version(application_id) if self.read_version >= 0 else None

    # ---- actions ----

    def add(self, file: AddFile) -> None:
        """Make a data file that is already in storage part of the table."""
        table_changes.require_table(self, "add files")
        self.append_action(file)

    def remove(self, path: str, *, data_change: bool = True) -> None:
        """Take a live file out of the table. Raises FileNotLiveError."""
        now_ms = time.time_ns() // 1_000_000
        self.append_action(self.live_files.tombstone(path, deleted_ms=now_ms, data_change=data_change))

    def set_transaction(self, application_id: str, version: int) -> None:
        """Write down how far an application has come, in the commit of its rows."""
        now_ms = time.time_ns() // 1_000_000
        self.append_action(SetTransaction(application_id=application_id, version=version, updated_ms=now_ms))

    def advance(self, application_id: str, version: int) -> bool:
        """Return False if the application has come so far already: then there is nothing to do.

        Else note the progress, so that this commit and any other of the same step exclude each other.
        """
        reached = self.application_version(application_id)
        if reached is not None and reached >= version:
            return False
        self.set_transaction(application_id, version)
        return True

    def append_action(self, action: Action) -> None:
        """Take any action of the protocol into the commit. Raises TransactionClosedError."""
        if self.status is not TransactionStatus.OPEN:
            raise TransactionClosedError(table=self.table, status=self.status.value)
        if isinstance(action, MetadataChange):
            self._replace(MetadataChange)
            self._metadata = action
        elif isinstance(action, ProtocolChange):
            self._replace(ProtocolChange)
            self._protocol = action
        self._actions.append(action)

    def _replace(self, kind: type[Action]) -> None:
        self._actions = [action for action in self._actions if not isinstance(action, kind)]

    # ---- rows and the table itself ----

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
        table_changes.create(
            self,
            schema,
            partition_by=partition_by,
            properties=properties or {},
            name=name,
            description=description,
        )

    def append(self, rows: pa.Table, *, merge_schema: bool = False) -> None:
        """Write rows into new files; creates the table from the rows' schema if there is none."""
        row_changes.append(self, rows, merge_schema=merge_schema)

    def overwrite(self, rows: pa.Table, *, replace_schema: bool = False) -> None:
        """Put rows in the place of all that are there."""
        row_changes.overwrite(self, rows, replace_schema=replace_schema)

    def replace_partitions(self, rows: pa.Table) -> None:
        """Put rows in the place of all rows of the partitions that they are in."""
        row_changes.replace_partitions(self, rows)

    def replace_where(self, predicate: Predicate, rows: pa.Table) -> None:
        """Put rows in the place of all that meet a predicate, made with ``col``; they must meet it too."""
        predicate_changes.replace_where(self, predicate, rows)

    def delete(self, predicate: Predicate) -> None:
        """Remove the rows that meet a predicate."""
        predicate_changes.delete(self, predicate)

    def rewrite(self, paths: Iterable[str], rows: pa.Table) -> None:
        """Put the same rows, arranged differently, in the place of files: no reader sees a change."""
        row_changes.rewrite(self, paths, rows)

    def set_properties(self, properties: Mapping[str, str | None]) -> None:
        """Set table properties, or unset those given as None; the protocol is upgraded where they need it."""
        table_changes.set_properties(self, properties)

    def add_columns(self, columns: pa.Schema | StructType) -> None:
        """Add nullable columns at the end; columns of a struct that is there are added to it."""
        table_changes.add_columns(self, columns)

    def enable_features(self, *features: str) -> None:
        """Upgrade the protocol so that it lists these features. Raises UnsupportedFeatureError."""
        table_changes.enable_features(self, features)

    # ---- the way to a commit ----

    def draft(self) -> Draft:
        """Return what is to be committed, checked against everything that needs no other writer's commit."""
        check_actions(self._actions, state=self._state, metadata=self._metadata, table=self.table)
        return Draft(
            table=self.table,
            transaction_id=self.transaction_id,
            read_version=self.read_version,
            operation=self.operation,
            actions=self.actions,
            reads=Reads(
                predicates=tuple(self._predicates),
                files=frozenset(self._read_files),
                applications=frozenset(self._read_applications),
            ),
            operation_parameters=self.operation_parameters,
            operation_metrics=self._metrics(),
            user_metadata=self.user_metadata,
        )

    def _metrics(self) -> dict[str, str]:
        rows = sum(file.rows for file in self.written)
        return {"numOutputRows": str(rows)} if self.written else {}
