"""Delete data files that no version within the retention needs: tombstoned ones, and orphans of crashes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.errors import RetentionTooShortError
from lakehouse.delta_log.maintenance.needed_files import NeededFiles
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties, check_writable
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageService, ObjectStat

__all__ = ["Vacuumed", "vacuum"]

_HOUR_MS = 3_600_000
_CHANGE_DATA = "_change_data/"
_INDEX_SEGMENT = re.compile(r"_lakehouse_index/[^/]+/[^/]+/files/(?P<data>.+)/[^/]+\.keys$")
"""What an index of keys keeps for a data file, whose key is part of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    """What was deleted, or would be."""

    keys: Sequence[str]
    size_bytes: int
    failed: Mapping[str, str]
    """Of files that should have gone and are still there: why."""
    kept_hours: float
    is_dry_run: bool

    @property
    def unknown(self) -> Sequence[str]:
        """What can't be seen from here, and would need the files: a sentence each."""
        return (
            "Clones of this table elsewhere may name these files, and its log doesn't know of them.",
            f"A reader or writer that started more than {self.kept_hours:g} hours ago may still use them.",
        )


def vacuum(
    storage: AbstractStorageService,
    *,
    retention_hours: float | None = None,
    keep_from_version: int | None = None,
    clones: Iterable[Snapshot] = (),
    dry_run: bool = True,
    allow_short_retention: bool = False,
    now_ms: int | None = None,
) -> Vacuumed:
    """Find the files that are in no version of the last ``retention_hours``, and delete them unless ``dry_run``.

    The retention is the table's (``delta.deletedFileRetentionDuration``, a week by default). A shorter one
    breaks readers at work and writers that have not yet committed: it raises RetentionTooShortError unless
    allowed. The versions from ``keep_from_version`` on keep their files and change data, whatever their age, and so do
    files that other tables, ``clones``, name.

    Raises UnsupportedFeatureError for a table whose features aren't all honoured here, VersionNotFoundError
    where the log has lost a version that is to be kept, and UnmappablePathError where a live file can't be
    told from the others: before anything is deleted.
    """
    snapshot = Snapshot.load(storage.uri(), storage=storage)
    check_writable(snapshot.protocol, table=snapshot.table)
    least_ms = TableProperties(snapshot.properties).deleted_file_retention_ms
    retention_ms = least_ms if retention_hours is None else int(retention_hours * _HOUR_MS)
    if retention_ms < least_ms and not allow_short_retention:
        raise RetentionTooShortError(
            table=snapshot.table, asked_hours=retention_ms / _HOUR_MS, least_hours=least_ms / _HOUR_MS
        )
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    failed: dict[str, str] = {}
    cutoff_ms = now - retention_ms
    needed = _needed(storage, snapshot, cutoff_ms)
    if keep_from_version is not None:
        _keep_versions(needed, snapshot, first=keep_from_version)
    for clone in clones:
        needed.require_of_clone(clone.files())
    doomed = list(_unneeded(storage, snapshot, needed, cutoff_ms=cutoff_ms))
    if not dry_run:
        for stat in doomed:
            try:
                storage.delete(stat.key)
            except StorageError as error:  # one odd name must not keep the others
                failed[stat.key] = str(error)
    doomed = [stat for stat in doomed if stat.key not in failed]
    return Vacuumed(
        keys=[stat.key for stat in doomed],
        size_bytes=sum(stat.size_bytes for stat in doomed),
        failed=failed,
        kept_hours=retention_ms / _HOUR_MS,
        is_dry_run=dry_run,
    )


def _unneeded(
    storage: AbstractStorageService, snapshot: Snapshot, needed: NeededFiles, *, cutoff_ms: int
) -> Iterator[ObjectStat]:
    partitions = tuple(f"{name}=" for name in snapshot.partition_columns)
    # Listed before it is compared, so that a file that comes in between is too young to be touched.
    for stat in list(storage.list()):
        is_old = stat.modified_ms < cutoff_ms
        if is_old and not _is_hidden(stat.key, partitions) and not needed.holds(_what_needs(stat)):
            yield stat


def _needed(storage: AbstractStorageService, snapshot: Snapshot, cutoff_ms: int) -> NeededFiles:
    needed = NeededFiles(storage)
    needed.require(snapshot.files(), are_live=True)
    tombstones = snapshot.tombstones()
    removed_ms = tombstones.column("deletionTimestamp").to_pylist()
    young = column([(ms or 0) >= cutoff_ms for ms in removed_ms], pa.bool_())
    needed.require(tombstones.filter(young), are_live=False)
    return needed


def _keep_versions(needed: NeededFiles, newest: Snapshot, *, first: int) -> None:
    """Keep what versions from ``first`` on hold. Tombstones don't tell it: a checkpoint forgets the old ones."""
    needed.require(Snapshot.load(newest.table, first, storage=newest.storage).files(), are_live=False)
    for version in range(first, newest.version + 1):
        needed.require_of(newest.actions_of(version))


def _what_needs(stat: ObjectStat) -> ObjectStat:
    """Return the object that must be needed for this one to be: of what is kept beside a data file, that file."""
    segment = _INDEX_SEGMENT.match(stat.key)
    return stat if segment is None else msgspec.structs.replace(stat, key=segment["data"])


def _is_hidden(key: str, partitions: tuple[str, ...]) -> bool:
    # Names that begin with "_" or "." aren't the table's, but for change data and partitions called so.
    if key.startswith(_CHANGE_DATA) or _INDEX_SEGMENT.match(key):
        return False
    return any(part.startswith(("_", ".")) and not part.startswith(partitions) for part in key.split("/"))
