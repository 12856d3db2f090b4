"""What a table's log says of it, read without Spark."""

from __future__ import annotations

import json

from pyspark.sql.types import StructType

from lakehouse.delta_log import RemoveFile, Snapshot
from lakehouse.delta_log.actions.json_lines import decode_actions
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.delta_log.log_files import commit_key
from lakehouse.storage import NotFoundError
from lakehouse.tables.errors import UnreadableChangesError
from lakehouse.tables.interface import TableState

__all__ = ["TableLog"]


class TableLog:
    """The log of the table in a folder. What was read before is not read again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._snapshot: Snapshot | None = None

    def state(self) -> TableState | None:
        """Return the latest state; None where no table is."""
        try:
            self._snapshot = self._snapshot.update() if self._snapshot else Snapshot.load(self._path)
        except TableNotFoundError:
            return None
        snapshot = self._snapshot
        return TableState(
            version=snapshot.version,
            table_id=snapshot.metadata.id,
            schema=StructType.fromJson(json.loads(snapshot.metadata.schema_string)),
            transactions={name: taken.version for name, taken in snapshot.transactions.items()},
        )

    def check_only_added(self, *, after: int, through: int) -> None:
        """Raise UnreadableChangesError where a version in ``(after, through]`` took rows away or changed them."""
        storage = Snapshot.load(self._path, version=through).storage
        for version in range(after + 1, through + 1):
            key = commit_key(version)
            try:
                actions = decode_actions(storage.read(key), source=storage.uri(key))
            except NotFoundError as error:
                reason = f"the log of version {version} has been cleaned up"
                raise self._unreadable(after, through, reason) from error
            removed = [action for action in actions if isinstance(action, RemoveFile) and action.data_change]
            if removed:
                reason = f"version {version} took {len(removed)} data files away"
                raise self._unreadable(after, through, reason)

    def _unreadable(self, after: int, through: int, reason: str) -> UnreadableChangesError:
        return UnreadableChangesError(path=self._path, after=after, through=through, reason=reason)
