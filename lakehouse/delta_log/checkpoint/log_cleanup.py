"""Remove old commits and checkpoints (Delta PROTOCOL, "Metadata Cleanup")."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lakehouse.delta_log.log_segment import (
    VERSIONED_PREFIX,
    LogFile,
    LogFileKind,
    complete_checkpoints,
    parse_log_key,
)
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties, features_of
from lakehouse.storage import AbstractStorageService

__all__ = ["clean_log", "is_cleanup_enabled"]

_DAY_MS = 86_400_000


def is_cleanup_enabled(snapshot: Snapshot) -> bool:
    """Return whether old log files may be deleted: ``delta.enableExpiredLogCleanup``, true by default."""
    return TableProperties(snapshot.properties).log_cleanup and "checkpointProtection" not in features_of(
        snapshot.protocol
    )


def clean_log(
    storage: AbstractStorageService, snapshot: Snapshot, *, now_ms: int | None = None
) -> Sequence[str]:
    """Delete what no version within the table's log retention needs, and return the keys.

    The newest checkpoint before the cutoff stays, with its commit and all that follows. Without such a
    checkpoint nothing is deleted. Sidecars stay: another checkpoint may name them.
    """
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    cutoff_ms = now_ms - TableProperties(snapshot.properties).log_retention_ms
    midnight_ms = cutoff_ms - cutoff_ms % _DAY_MS
    modified_ms = {stat.key: stat.modified_ms for stat in storage.list(VERSIONED_PREFIX)}
    files = [file for key in modified_ms if (file := parse_log_key(key)) is not None]
    first_kept = _first_kept(files, modified_ms, midnight_ms)
    # From the oldest on: a reader that finds a commit can rely on those after it.
    doomed = sorted((f for f in files if f.version < first_kept), key=lambda file: file.version)
    for file in doomed:
        storage.delete(file.key)
    return [file.key for file in doomed]


def _first_kept(files: Sequence[LogFile], modified_ms: Mapping[str, int], cutoff_ms: int) -> int:
    commits = (file for file in files if file.kind is LogFileKind.COMMIT)
    newest_old = max((file.version for file in commits if modified_ms[file.key] < cutoff_ms), default=-1)
    checkpoints = (group[0].version for group in complete_checkpoints(files))
    return max((version for version in checkpoints if version <= newest_old), default=0)
