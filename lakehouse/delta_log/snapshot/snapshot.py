"""A table as it is at one version."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from lakehouse.delta_log.actions import (
    Action,
    CommitInfo,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    SetTransaction,
    decode_actions,
)
from lakehouse.delta_log.arrow_columns import rows_without_columns
from lakehouse.delta_log.errors import ChecksumMismatchError, VersionNotFoundError
from lakehouse.delta_log.log_segment import commit_key
from lakehouse.delta_log.replay import (
    CommitTimes,
    HistoryEntry,
    LogState,
    Timestamp,
    Totals,
    VersionChecksum,
    check_complete,
    check_state,
    check_totals,
    commit_mark,
    content_of_actions,
    load_state,
    read_checksum,
    read_content,
    read_history,
    with_own_commit,
)
from lakehouse.delta_log.scan import (
    ColumnBounds,
    ColumnPath,
    Predicate,
    RowFilter,
    Scan,
    Separation,
    column_bounds,
    find_column,
    may_match,
    separation_of,
)
from lakehouse.delta_log.schema import StructType, arrow_schema, schema_from_json
from lakehouse.delta_log.snapshot.change_feed import read_change_feed
from lakehouse.delta_log.stored_objects import table_storage
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.errors import ConfigurationError
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["Snapshot"]

_log = logging.getLogger(__name__)


class Snapshot:
    """One version of a table, whole and unchanging, whatever others commit meanwhile.

    >>> snapshot = Snapshot.load("/lake/sales")
    >>> snapshot.version, snapshot.schema, snapshot.files().num_rows
    >>> newer = snapshot.update()
    """

    def __init__(
        self, storage: AbstractStorageReader, state: LogState, *, checksum: VersionChecksum | None = None
    ) -> None:
        """Use ``load``; this is for who already has the state."""
        if state.protocol is None or state.metadata is None:
            check_complete(state, storage.uri())
        assert state.protocol is not None and state.metadata is not None  # noqa: S101, PT018 - for mypy
        self._storage = storage
        self._state = state
        self._checksum = checksum
        self.protocol: ProtocolChange = state.protocol
        self.metadata: MetadataChange = state.metadata

    @classmethod
    def load(
        cls,
        table_path: str | Path,
        version: int | None = None,
        timestamp: Timestamp | None = None,
        *,
        storage: AbstractStorageReader | None = None,
    ) -> Snapshot:
        """Read the latest version, or a given one, or the one that was current at a time.

        ``storage`` is rooted at the table; by default it follows from the path's scheme. Raises DeltaLogError
        (its subclasses say what is wrong), and ConfigurationError for a path that can't be opened here.
        """
        store = table_storage(str(table_path)) if storage is None else storage
        _check_whole_number("version", version)
        if timestamp is None:
            return cls._checked(store, version)
        if version is not None:
            raise ConfigurationError("Both a version and a timestamp were given.", fix="give one of them.")
        latest = cls._checked(store, None)
        found = latest._commit_times().version_at(timestamp)
        return latest if found == latest.version else cls._checked(store, found)

    @classmethod
    def _checked(cls, storage: AbstractStorageReader, version: int | None) -> Snapshot:
        state, segment = load_state(storage, version)
        checksum = None if segment.checksum is None else read_checksum(storage, state.version)
        if checksum is not None:
            _warn_of_mismatch(lambda: check_state(checksum, state, table=storage.uri()))
        return cls(storage, state, checksum=checksum)

    def __repr__(self) -> str:
        return f"Snapshot({self.table!r}, version={self.version})"

    @property
    def table(self) -> str:
        """Return the URI of the table."""
        return self._storage.uri()

    @property
    def state(self) -> LogState:
        """Return the state that the log gives, for writers to build on."""
        return self._state

    @property
    def storage(self) -> AbstractStorageReader:
        """Return where the table is read from."""
        return self._storage

    @property
    def version(self) -> int:
        """Return the version, from 0."""
        return self._state.version

    @cached_property
    def struct(self) -> StructType:
        """Return the schema in the protocol's own types, with the metadata of each column."""
        return schema_from_json(self.metadata.schema_string, table=self.table)

    @cached_property
    def schema(self) -> pa.Schema:
        """Return the schema in Arrow, partition columns included."""
        return arrow_schema(self.struct)

    @property
    def properties(self) -> Mapping[str, str | None]:
        """Return the table's properties: ``delta.appendOnly``, …"""
        return self.metadata.configuration

    @property
    def partition_columns(self) -> tuple[str, ...]:
        """Return the logical names of the partition columns, in order."""
        return tuple(self.metadata.partition_columns)

    @property
    def transactions(self) -> Mapping[str, SetTransaction]:
        """Return the latest transaction identifier of each application."""
        return self._state.transactions

    def transaction_version(self, application_id: str) -> int | None:
        """Return the progress of an application; None where the table has no record of it."""
        found = self.transactions.get(application_id)
        return None if found is None else found.version

    @property
    def domains(self) -> Mapping[str, DomainMetadata]:
        """Return the domain metadata by name; removed ones aren't there."""
        return self._state.domains

    @cached_property
    def timestamp_ms(self) -> int | None:
        """Return when this version was committed; None where its commit is gone."""
        if TableProperties(self.properties).in_commit_timestamps_from is not None:
            info = self.commit_info
            return None if info is None else info.in_commit_timestamp_ms
        try:
            return self._storage.stat(commit_key(self.version)).modified_ms
        except NotFoundError:
            return None

    @cached_property
    def commit_info(self) -> CommitInfo | None:
        """Return who made this version, and how; None where its commit is gone or does not say."""
        state = self._state
        return (state if state.commit_info else with_own_commit(state, self._storage)).decoded_commit_info()

    def files(self, predicate: Predicate | None = None) -> pa.Table:
        """Return the files of the table, a row each, with the fields of an ``add`` action as columns.

        With a predicate, only the files that may hold rows that meet it, by partition values and statistics.
        A checksum file that disagrees is warned of, and the log counts. Raises NoSuchColumnError,
        InvalidPredicateError.
        """
        files = self._state.files.adds()
        self._compare_totals()
        if predicate is None:
            return files
        partition_columns = self.partition_columns
        return files.filter(
            may_match(files, predicate, self.struct, partition_columns=partition_columns, table=self.table)
        )

    def separation(self, columns: Sequence[str], *, most_cuts: int = 63) -> Separation | None:
        """Return which of these columns tells the files apart best; None where none of them does.

        ``most_cuts`` bounds the values that are given with it, at which files begin.
        """
        paths = [(name,) for name in columns]
        return separation_of(self._state.files.adds(), paths, self.struct, most_cuts=most_cuts)

    def bounds(self, path: ColumnPath) -> ColumnBounds | None:
        """Return what the log knows of a column's values in each of ``files()``; None where there is no such column,
        or one whose values have no order."""
        return self.bounds_in(self._state.files.adds().column("stats").to_pylist(), path)

    def bounds_in(self, stats: Sequence[str | None], path: ColumnPath) -> ColumnBounds | None:
        """Return what the statistics of files, as their actions have them, say of a column; None as ``bounds``."""
        fields = find_column(self.struct, path)
        return None if fields is None else column_bounds(stats, {path: fields}).get(path)

    def _compare_totals(self) -> None:
        checksum, self._checksum = self._checksum, None  # once is enough
        if checksum is not None:
            _warn_of_mismatch(
                lambda: check_totals(checksum, self.totals, table=self.table, version=self.version)
            )

    def to_arrow(self, columns: Sequence[str] | None = None, predicate: RowFilter | None = None) -> pa.Table:
        """Return the rows: deletion vectors, column mapping, partition values and the schema applied.

        ``predicate`` is a condition made with ``col``, which also skips files, or any of pyarrow's.
        Raises as ``scan``.
        """
        tables = self.scan(columns, predicate)
        if columns is not None and not columns:
            return rows_without_columns(sum(rows.num_rows for rows in tables))
        return pa.concat_tables(tables)

    def scan(
        self, columns: Sequence[str] | None = None, predicate: RowFilter | None = None
    ) -> Iterator[pa.Table]:
        """Yield the rows of ``to_arrow`` in tables of at most one file each; the first is empty.

        Raises NoSuchColumnError, InvalidPredicateError, DataFileError, MalformedDeletionVectorError.
        """
        return self.plan(predicate).tables(columns, predicate)

    def plan(self, predicate: RowFilter | None) -> Scan:
        """Return how the rows are read: which files, in which schema."""
        return Scan(
            storage=self._storage,
            version=self.version,
            metadata=self.metadata,
            schema=self.struct,
            files=self.files(predicate if isinstance(predicate, Predicate) else None),
        )

    def is_live(self, path: str, deletion_vector_id: str | None = None) -> bool:
        """Return whether the logical file, by its path and deletion vector, is in the table."""
        return self._state.files.is_live(path, deletion_vector_id)

    @property
    def totals(self) -> Totals:
        """Return how many files the table has, and their size."""
        return self._state.files.totals()

    def tombstones(self) -> pa.Table:
        """Return the removed files that are still remembered, with the fields of a ``remove`` as columns."""
        return self._state.files.tombstones()

    def update(self) -> Snapshot:
        """Return the latest version, reading only the commits after this one; itself if there are none.

        A table that was dropped and created again at the same path is read from its beginning.
        """
        state = self._state
        if not self._is_still_there():
            # The log was cleaned, or it is another table's by now.
            newest = load_state(self._storage)[0]
            is_same = newest.version == self.version and newest.metadata == self.metadata
            return self if is_same and state.commit_mark is None else Snapshot(self._storage, newest)
        while (body := self._read_commit(state.version + 1)) is not None:
            key = commit_key(state.version + 1)
            state = state.advanced(state.version + 1, read_content(body, source=self._storage.uri(key)))
        if state is self._state:
            return self
        check_complete(state, self.table)
        return Snapshot(self._storage, state)

    def _is_still_there(self) -> bool:
        """Return whether the commit that made this version is the one that is in the log."""
        body = self._read_commit(self.version)
        if body is None or self._state.commit_mark is None:
            return False
        return (
            commit_mark(body, source=self._storage.uri(commit_key(self.version))) == self._state.commit_mark
        )

    def advanced(self, actions: list[Action]) -> Snapshot:
        """Return the next version, as a reader would find it after a commit of these actions."""
        state = self._state.advanced(self.version + 1, content_of_actions(actions))
        check_complete(state, self.table)
        return Snapshot(self._storage, state)

    def history(self, limit: int | None = None) -> list[HistoryEntry]:
        """Return this version and those before it, the newest first, as far as the log still has them.

        Raises ConfigurationError for a limit below 0.
        """
        _check_whole_number("limit", limit, least=0)
        return list(read_history(self._storage, self._commit_times(), up_to=self.version, limit=limit))

    def actions_of(self, version: int) -> list[Action]:
        """Return what the commit of this or an older version says. Raises VersionNotFoundError if it is gone."""
        body = self._read_commit(version) if 0 <= version <= self.version else None
        if body is None:
            earliest = min(self._commit_times().versions, default=self.version)
            raise VersionNotFoundError(
                table=self.table, version=version, earliest=earliest, latest=self.version
            )
        return decode_actions(body, source=self._storage.uri(commit_key(version)))

    def changes(self, from_version: int, to_version: int | None = None) -> pa.Table:
        """Return the rows that were inserted, updated and deleted from one version to another, both included.

        The columns of this version, ``_change_type``, ``_commit_version`` and ``_commit_timestamp``. Change
        data files are used where a version has them (Delta PROTOCOL, "Add CDC File"); else the added rows are
        inserts, the removed ones deletes. Raises VersionNotFoundError, and as ``scan``.
        """
        end = self.version if to_version is None else to_version
        return read_change_feed(self.plan(None), from_version, end, times=self._commit_times())

    def _commit_times(self) -> CommitTimes:
        enabled_from = TableProperties(self.properties).in_commit_timestamps_from
        return CommitTimes(self._storage, in_commit_from=enabled_from)

    def _read_commit(self, version: int) -> bytes | None:
        try:
            return self._storage.read(commit_key(version))
        except NotFoundError:
            return None


def _warn_of_mismatch(check: Callable[[], None]) -> None:
    # A checksum file may be as wrong as the log, so it does not stop a reader (Delta PROTOCOL, "Version Checksum").
    try:
        check()
    except ChecksumMismatchError as error:
        _log.warning("%s", error)


def _check_whole_number(name: str, value: object, *, least: float = -math.inf) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise ConfigurationError(
            f"{name}={value!r} is not a whole number from 0 on.",
            fix=f"give {name} as an int, or leave it out.",
        )
