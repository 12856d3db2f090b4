"""What a table's log says of it, read without Spark."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    Action,
    AddCDCFile,
    AddFile,
    CommitInfo,
    LogGapError,
    MetadataChange,
    Predicate,
    RemoveFile,
    Snapshot,
    TableNotFoundError,
    TableProperties,
    VersionNotFoundError,
    record_counts,
    storage_key,
)
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.errors import UnreadableChangesError
from lakehouse.tables.interface import TableState
from lakehouse.tables.net_additions import net_additions

__all__ = ["ChangedFile", "TableLog"]

_ONLY_BY_VECTOR = frozenset({"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})
"""With no other features of readers, the rows of a file without a deletion vector are those that stand in it."""

_FEW_FILES = 32
"""Above this many paths Spark lists them in a job of its own, and Delta's own reading is no slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A data file that a version added or removed, with all its rows."""

    path: str
    kind: str
    """``insert`` or ``delete``."""
    version: int
    timestamp_ms: int


class TableLog:
    """The log of the table in a folder. What was read once is not read again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._snapshot: Snapshot | None = None

    @property
    def path(self) -> str:
        """The table's folder."""
        return self._path

    def state(self) -> TableState | None:
        """Return the latest state; None where the table does not exist."""
        snapshot = self.snapshot()
        if snapshot is None:
            return None
        return TableState(
            version=snapshot.version,
            table_id=snapshot.metadata.id,
            schema=_schema(snapshot.metadata),
            transactions={name: taken.version for name, taken in snapshot.transactions.items()},
        )

    def snapshot(self) -> Snapshot | None:
        """Return the latest version as the log has it; None where the table does not exist."""
        try:
            self._snapshot = self._snapshot.update() if self._snapshot else Snapshot.load(self._path)
        except TableNotFoundError:
            self._snapshot = None
        return self._snapshot

    def schema(self, *, version: int) -> StructType:
        """Return the schema that the table had at ``version``."""
        return _schema(self.at(version).metadata)

    def size_bytes(self, *, version: int) -> int:
        """Return the size of the table's data files at ``version``."""
        return self.at(version).totals.size_bytes

    def row_count(self, *, version: int) -> int | None:
        """Return the number of rows at ``version``; None where the log doesn't tell it."""
        files = self.at(version).files()
        counts = record_counts(files["stats"].to_pylist())
        if self.at(version).protocol.min_reader_version != 1 or None in counts:
            return None
        return sum(filter(None, counts))

    def size_bytes_now(self) -> int:
        """Return the size of the table's data files; 0 where the table does not exist."""
        snapshot = self.snapshot()
        return 0 if snapshot is None else snapshot.totals.size_bytes

    def bytes_added(self, *, after: int, through: int) -> int | None:
        """Return the size of the data files that versions ``(after, through]`` added; None when the log is gone."""
        if after < 0:
            return self.at(through).totals.size_bytes
        added = self._files_added(after, through)
        return None if added is None else sum(each.size_bytes for each in added)

    def rows_added(self, *, after: int, through: int) -> int | None:
        """Return how many rows the files have that versions ``(after, through]`` added; None where nobody knows it."""
        if after < 0:
            return self.row_count(version=through)
        added = self._files_added(after, through)
        if added is None or any(each.deletion_vector is not None for each in added):
            return None
        counts = record_counts([each.stats for each in added])
        return None if None in counts else sum(filter(None, counts))

    def span_added(self, column: str, *, after: int, through: int) -> tuple[int, int] | None:
        """Return bounds of the dates or moments in the files that versions ``(after, through]`` added.

        In days or microseconds since the epoch. None where the log doesn't tell them, or where there is no value.
        """
        added = self._files_added(after, through)
        bounds = (
            None if added is None else self.at(through).bounds_in([each.stats for each in added], (column,))
        )
        if bounds is None:
            return None
        counts = zip(bounds.null_count.to_pylist(), bounds.row_count.to_pylist(), strict=True)
        spans = [
            span
            for span, (nulls, rows) in zip(bounds.ranges(), counts, strict=True)
            if nulls is None or nulls != rows  # a file without a value has no bounds
        ]
        known = [span for span in spans if span is not None]
        if not known or len(known) < len(spans):
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def commit_id(self, version: int) -> str | None:
        """Return what tells the commit of ``version`` from any other of that number; None when it is not there.

        A table that was restored from a backup gives its version numbers out again.
        """
        snapshot = self.snapshot()
        if snapshot is None or version > snapshot.version:
            return None
        try:
            actions = snapshot.actions_of(version)
        except VersionNotFoundError:
            return None
        infos = [each for each in actions if isinstance(each, CommitInfo)]
        return f"{infos[0].timestamp_ms}-{infos[0].transaction_id}" if infos else None

    def _files_added(self, after: int, through: int) -> list[AddFile] | None:
        try:
            commits = list(self._commits(self.at(through), after, through))
        except UnreadableChangesError:
            return None
        added = [each for _, actions in commits for each in actions if isinstance(each, AddFile)]
        return [each for each in added if each.data_change]

    def at(self, version: int) -> Snapshot:
        """Return the table as it was at ``version``. Raises VersionNotFoundError."""
        if self._snapshot is not None and self._snapshot.version == version:
            return self._snapshot
        return Snapshot.load(self._path, version=version)

    def plain_files(
        self, *, version: int, where: Predicate | None = None, most: int | None = _FEW_FILES
    ) -> tuple[str, ...] | None:
        """Return the files whose rows are, as they stand, the rows of the table at ``version``.

        With a condition, only files that may hold rows that meet it. None where reading takes more than reading
        Parquet, or where there are more than ``most`` files.
        """
        snapshot = self.at(version)
        paths = snapshot.files(where)["path"].to_pylist()
        return self._plain(snapshot, paths) if most is None or len(paths) <= most else None

    def candidates(self, *, version: int, where: Predicate) -> Candidates | None:
        """Return the files of the table at ``version`` that may hold rows that meet a condition.

        None where reading them takes more than reading Parquet.
        """
        snapshot = self.at(version)
        files = snapshot.files(where)
        paths = self._plain(snapshot, files["path"].to_pylist())
        if paths is None:
            return None
        return Candidates(
            paths=paths,
            sizes=tuple(files["size"].to_pylist()),
            row_counts=tuple(record_counts(files["stats"].to_pylist())),
        )

    def plain_files_added(self, *, after: int, through: int) -> tuple[str, ...] | None:
        """Return the files whose rows came in versions ``(after, through]``; None where it takes more to read them.

        Files that came and went in between don't count. Raises UnreadableChangesError where a version took away or
        changed rows that were there at ``after``.
        """
        snapshot = self.at(through)
        net = net_additions(self._commits(snapshot, after, through))
        if net.reason:
            raise UnreadableChangesError(path=self._path, after=after, through=through, reason=net.reason)
        plain = self._plain(snapshot, net.paths, may_have_vectors=net.have_vectors)
        if net.came_and_went and plain is None:
            reason = "rows came and went in between, and its files alone don't show which"
            raise UnreadableChangesError(path=self._path, after=after, through=through, reason=reason)
        return plain

    def paths_added(self, *, after: int, through: int) -> frozenset[str] | None:
        """Return the files that came in versions ``(after, through]`` and stayed, as the log names them.

        None where rows that were there before were taken away, or where the log is gone.
        """
        snapshot = self.at(through)
        if after < 0:
            return frozenset(snapshot.files()["path"].to_pylist())
        try:
            net = net_additions(self._commits(snapshot, after, through))
        except UnreadableChangesError:
            return None
        return None if net.reason else frozenset(net.paths)

    def why_not_appended(self, *, after: int, through: int) -> str | None:
        """Return what versions ``(after, through]`` did beside adding rows that can be read; None for nothing else."""
        try:
            for version, actions in self._commits(self.at(through), after, through):
                if any(isinstance(each, RemoveFile) and each.data_change for each in actions):
                    return f"version {version} took data files away"
                if any(isinstance(each, MetadataChange) for each in actions):
                    return f"version {version} changed its schema or properties"
            readable = self.plain_files_added(after=after, through=through) is not None
            if not readable and not self.has_change_feed(version=through):
                return "its files alone don't show its new rows, and it has no change data feed"
        except UnreadableChangesError as error:
            return error.reason
        return None

    def has_change_feed(self, *, version: int) -> bool:
        """Say whether the table writes down its changes at ``version`` (Delta PROTOCOL, "Change Data Files")."""
        return TableProperties(self.at(version).properties).is_on("delta.enableChangeDataFeed")

    def feeds_changes(self, *, after: int, through: int) -> bool:
        """Say whether the table writes down its changes from the first of versions ``(after, through]`` on."""
        if not self.has_change_feed(version=through):
            return False
        commits = self._commits(self.at(through), after, through)
        is_changed = any(isinstance(each, MetadataChange) for _, actions in commits for each in actions)
        return not is_changed or self.has_change_feed(version=after + 1)

    def file_sizes(self, *, version: int, where: Predicate | None = None) -> tuple[int, ...]:
        """Return the sizes of the data files at ``version``; with a condition, of those that may hold such rows."""
        return tuple(self.at(version).files(where)["size"].to_pylist())

    def added_sizes(self, *, after: int, through: int) -> tuple[int, ...]:
        """Return the sizes of the data files that came in versions ``(after, through]``."""
        return tuple(
            each.size_bytes
            for _, actions in self._commits(self.at(through), after, through)
            for each in actions
            if isinstance(each, AddFile) and each.data_change
        )

    def plain_changes(self, *, after: int, through: int) -> tuple[ChangedFile, ...] | None:
        """Return the files that versions ``(after, through]`` added and removed; None where reading them takes Delta.

        Raises UnreadableChangesError where the log is gone, or where a column had another type in between.
        """
        snapshot = self.at(through)
        commits = list(self._commits(snapshot, after, through))
        if any(isinstance(each, AddCDCFile) for _, actions in commits for each in actions):
            return None
        self._check_types(snapshot, commits, after)
        times = {entry.version: entry.timestamp_ms for entry in snapshot.history(limit=through - after)}
        files = [
            (version, each)
            for version, actions in commits
            for each in actions
            if isinstance(each, AddFile | RemoveFile) and each.data_change
        ]
        paths = self._plain(snapshot, [each.path for _, each in files])
        if paths is None:
            return None
        return tuple(
            ChangedFile(
                path=path,
                kind="insert" if isinstance(each, AddFile) else "delete",
                version=version,
                timestamp_ms=times[version],
            )
            for path, (version, each) in zip(paths, files, strict=True)
        )

    def _check_types(
        self, snapshot: Snapshot, commits: Sequence[tuple[int, Sequence[Action]]], after: int
    ) -> None:
        held = [
            (version, _schema(each))
            for version, actions in commits
            for each in actions
            if isinstance(each, MetadataChange)
        ]
        if held and after >= 0:
            held.insert(0, (after, self._schema_before(after, snapshot.version)))
        shown = {each.name: each.dataType for each in _schema(snapshot.metadata)}
        for version, each in ((version, field) for version, schema in held for field in schema):
            if shown.get(each.name, each.dataType) != each.dataType:
                was, now = each.dataType.simpleString(), shown[each.name].simpleString()
                reason = (
                    f"the column {each.name!r} is {was} at version {version}, and {now} at {snapshot.version}"
                )
                raise UnreadableChangesError(
                    path=self._path, after=after, through=snapshot.version, reason=reason
                )

    def _schema_before(self, after: int, through: int) -> StructType:
        try:
            return self.schema(version=after)
        except (VersionNotFoundError, LogGapError) as error:
            reason = f"the schema of version {after} has been cleaned up, and it was changed after that"
            raise UnreadableChangesError(
                path=self._path, after=after, through=through, reason=reason
            ) from error

    def _commits(
        self, snapshot: Snapshot, after: int, through: int
    ) -> Iterator[tuple[int, Sequence[Action]]]:
        for version in range(after + 1, through + 1):
            try:
                yield version, snapshot.actions_of(version)
            except VersionNotFoundError as error:
                reason = f"the log of version {version} has been cleaned up"
                raise UnreadableChangesError(
                    path=self._path, after=after, through=through, reason=reason
                ) from error

    def _plain(
        self, snapshot: Snapshot, paths: Sequence[str], *, may_have_vectors: bool = True
    ) -> tuple[str, ...] | None:
        # Reader version 1 has neither deletion vectors nor column mapping (Delta PROTOCOL, "Reader Requirements").
        protocol = snapshot.protocol
        is_plain = protocol.min_reader_version == 1 or (
            not may_have_vectors and _ONLY_BY_VECTOR.issuperset(protocol.reader_features or ("none listed",))
        )
        if not is_plain or snapshot.partition_columns:
            return None
        keys = [storage_key(path, table_uri=snapshot.table) for path in paths]
        if None in keys:
            return None
        return tuple(f"{self._path}/{key}" for key in keys)


def _schema(metadata: MetadataChange) -> StructType:
    return StructType.fromJson(json.loads(metadata.schema_string))
