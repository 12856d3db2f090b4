"""What a table's log says of it, read without Spark."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pyspark.sql.types import StructType

from lakehouse.delta_log import Action, AddFile, RemoveFile, Snapshot
from lakehouse.delta_log.actions import canonical_path, decode_actions, is_absolute
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.delta_log.log_segment import commit_key
from lakehouse.storage import AbstractStorageReader, NotFoundError
from lakehouse.tables.errors import UnreadableChangesError
from lakehouse.tables.interface import TableState

__all__ = ["TableLog"]

_FEW_FILES = 32
"""Above this many paths Spark lists them in a job of its own, and Delta's own reading is no slower."""


class TableLog:
    """The log of the table in a folder. What was read before is not read again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._snapshot: Snapshot | None = None

    @property
    def path(self) -> str:
        """The table's folder."""
        return self._path

    def state(self) -> TableState | None:
        """Return the latest state; None where no table is."""
        snapshot = self.snapshot()
        if snapshot is None:
            return None
        return TableState(
            version=snapshot.version,
            table_id=snapshot.metadata.id,
            schema=_schema(snapshot),
            transactions={name: taken.version for name, taken in snapshot.transactions.items()},
        )

    def snapshot(self) -> Snapshot | None:
        """Return the latest version as the log has it; None where no table is."""
        try:
            self._snapshot = self._snapshot.update() if self._snapshot else Snapshot.load(self._path)
        except TableNotFoundError:
            self._snapshot = None
        return self._snapshot

    def schema(self, *, version: int) -> StructType:
        """Return the schema that the table had at ``version``."""
        return _schema(self._at(version))

    def size_bytes(self, *, version: int) -> int:
        """Return the size of the table's data files at ``version``."""
        return self._at(version).totals.size_bytes

    def plain_files(self, *, version: int) -> tuple[str, ...] | None:
        """Return the files whose rows are, as they stand, the rows of the table at ``version``.

        None where reading takes more than reading Parquet, or where the files are many.
        """
        snapshot = self._at(version)
        paths = snapshot.files()["path"].to_pylist()
        return self._plain(snapshot, paths) if len(paths) <= _FEW_FILES else None

    def plain_files_added(self, *, after: int, through: int) -> tuple[str, ...] | None:
        """Return the files whose rows came in versions ``(after, through]``; None where it takes more to read them.

        Raises UnreadableChangesError where a version in between took rows away or changed them.
        """
        snapshot = self._at(through)
        added: list[str] = []
        for version in range(after + 1, through + 1):
            actions = self._actions(snapshot.storage, version, after, through)
            if removed := [each for each in actions if isinstance(each, RemoveFile) and each.data_change]:
                reason = f"version {version} took {len(removed)} data files away"
                raise UnreadableChangesError(path=self._path, after=after, through=through, reason=reason)
            added += [each.path for each in actions if isinstance(each, AddFile) and each.data_change]
        return self._plain(snapshot, added)

    def _at(self, version: int) -> Snapshot:
        if self._snapshot is not None and self._snapshot.version == version:
            return self._snapshot
        return Snapshot.load(self._path, version=version)

    def _actions(
        self, storage: AbstractStorageReader, version: int, after: int, through: int
    ) -> list[Action]:
        key = commit_key(version)
        try:
            return decode_actions(storage.read(key), source=storage.uri(key))
        except NotFoundError as error:
            reason = f"the log of version {version} has been cleaned up"
            raise UnreadableChangesError(
                path=self._path, after=after, through=through, reason=reason
            ) from error

    def _plain(self, snapshot: Snapshot, paths: Sequence[str]) -> tuple[str, ...] | None:
        # Reader version 1 has neither deletion vectors nor column mapping (Delta PROTOCOL, "Reader Requirements").
        simple = snapshot.protocol.min_reader_version == 1 and not snapshot.partition_columns
        if not simple or any(is_absolute(path) for path in paths):
            return None
        return tuple(f"{self._path}/{canonical_path(path)}" for path in paths)


def _schema(snapshot: Snapshot) -> StructType:
    return StructType.fromJson(json.loads(snapshot.metadata.schema_string))
