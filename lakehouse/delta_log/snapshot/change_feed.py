"""The change data feed: the rows that changed from version to version (Delta PROTOCOL, "Add CDC File")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.delta_log.actions import (
    Action,
    AddCDCFile,
    AddFile,
    RemoveFile,
    canonical_path,
    decode_actions,
)
from lakehouse.delta_log.arrow_columns import column, no_rows
from lakehouse.delta_log.data_files import DataFile, DataFileReader
from lakehouse.delta_log.deletion_vectors import read_deletion_vector
from lakehouse.delta_log.errors import VersionNotFoundError
from lakehouse.delta_log.log_segment import commit_key
from lakehouse.delta_log.replay import CommitTimes, load_state
from lakehouse.delta_log.scan import Scan
from lakehouse.delta_log.schema import PrimitiveType, StructField
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["CHANGE_COLUMNS", "read_change_feed"]

CHANGE_COLUMNS = pa.schema(
    [
        ("_change_type", pa.string()),
        ("_commit_version", pa.int64()),
        ("_commit_timestamp", pa.timestamp("us", tz="UTC")),
    ]
)
_CHANGE_TYPE = StructField(name="_change_type", data_type=PrimitiveType("string"))


def read_change_feed(scan: Scan, start: int, end: int, *, times: CommitTimes) -> pa.Table:
    """Return the rows that the versions ``start`` to ``end`` changed, in the columns of the scan's version.

    Raises VersionNotFoundError for a version that the scan's own doesn't follow, or whose commit is gone.
    """
    if not 0 <= start <= end <= scan.version:
        raise _not_there(scan, start if not 0 <= start <= end else end, times)
    fields = scan.fields(None)
    tables = [no_rows(pa.schema([*scan.schema_of(fields), *CHANGE_COLUMNS]))]
    for version in range(start, end + 1):
        try:
            body = scan.storage.read(commit_key(version))
        except NotFoundError:
            raise _not_there(scan, version, times) from None
        actions = decode_actions(body, source=scan.storage.uri(commit_key(version)))
        changes = _VersionChanges(scan.storage, version, actions, scan.reader(), fields)
        for rows in changes.tables(has_partitions=bool(scan.metadata.partition_columns)):
            tables.append(_stamped(rows, version, times.of(version), tables[0].schema))
    return pa.concat_tables(tables)


def _not_there(scan: Scan, version: int, times: CommitTimes) -> VersionNotFoundError:
    earliest = min(times.versions, default=scan.version)
    return VersionNotFoundError(
        table=scan.storage.uri(), version=version, earliest=earliest, latest=scan.version
    )


def _stamped(rows: pa.Table, version: int, timestamp_ms: int, schema: pa.Schema) -> pa.Table:
    timestamp = column([_microseconds(timestamp_ms)], pa.int64()).cast(CHANGE_COLUMNS.field(2).type)
    stamps = [column([version], pa.int64()), timestamp]
    arrays = [*rows.columns, *(pa.repeat(stamp[0], rows.num_rows) for stamp in stamps)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _microseconds(timestamp_ms: int) -> int | None:
    found = timestamp_ms * 1000
    return found if -(2**63) <= found < 2**63 else None


@dataclass(frozen=True, slots=True)
class _VersionChanges:
    storage: AbstractStorageReader
    version: int
    actions: Sequence[Action]
    reader: DataFileReader
    fields: Sequence[StructField]

    def tables(self, *, has_partitions: bool) -> Iterator[pa.Table]:
        """Yield the columns of the table, and ``_change_type``."""
        recorded = [action for action in self.actions if isinstance(action, AddCDCFile)]
        if recorded:
            for action in recorded:
                file = DataFile(path=action.path, partition_values=action.partition_values)
                yield self.reader.read(file, [*self.fields, _CHANGE_TYPE])
            return
        adds = [a for a in self.actions if isinstance(a, AddFile) and a.data_change]
        removes = [a for a in self.actions if isinstance(a, RemoveFile) and a.data_change]
        if has_partitions and any(action.partition_values is None for action in removes):
            removes = [self._with_partition_values(action) for action in removes]
        yield from self._by_file(adds, removes)

    def _by_file(self, adds: Sequence[AddFile], removes: Sequence[RemoveFile]) -> Iterator[pa.Table]:
        added = {canonical_path(action.path): action for action in adds}
        removed = {canonical_path(action.path): action for action in removes}
        for path, remove in removed.items():
            add = added.get(path)
            if add is None:
                yield self._all_rows(remove, "delete")
            else:
                yield from self._other_deleted_rows(remove, add)
        for path, add in added.items():
            if path not in removed:
                yield self._all_rows(add, "insert")

    def _all_rows(self, action: AddFile | RemoveFile, change: str) -> pa.Table:
        return _typed(self.reader.read(_data_file(action), self.fields), change)

    def _other_deleted_rows(self, remove: RemoveFile, add: AddFile) -> Iterator[pa.Table]:
        """Yield what a new deletion vector of the same file changes."""
        before, after = self._deleted(remove), self._deleted(add)
        rows = self.reader.read_physical(_data_file(add), self.fields)
        for numbers, change in ((after - before, "delete"), (before - after, "insert")):
            taken = rows.take(pa.array(sorted(numbers), pa.int64()))
            if numbers:
                yield _typed(taken, change)

    def _deleted(self, action: AddFile | RemoveFile) -> set[int]:
        if action.deletion_vector is None:
            return set()
        return set(read_deletion_vector(self.storage, action.deletion_vector))

    def _with_partition_values(self, action: RemoveFile) -> RemoveFile:
        if action.partition_values is not None:
            return action
        files = load_state(self.storage, self.version - 1)[0].files.adds(["path", "partitionValues"])
        values = dict(zip(*(column.to_pylist() for column in files.columns), strict=True))
        return RemoveFile(
            path=action.path,
            data_change=True,
            deletion_vector=action.deletion_vector,
            partition_values=dict(values.get(action.path) or ()),
        )


def _data_file(action: AddFile | RemoveFile) -> DataFile:
    return DataFile(
        path=action.path,
        partition_values=action.partition_values or {},
        deletion_vector=action.deletion_vector,
    )


def _typed(rows: pa.Table, change: str) -> pa.Table:
    return rows.append_column("_change_type", pa.repeat(pa.scalar(change), rows.num_rows))
