"""The audit of one table, from its log down to the footers of its data files."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.delta_log.audit.commits import audit_commits
from lakehouse.delta_log.audit.files import audit_files
from lakehouse.delta_log.audit.findings import Finding
from lakehouse.delta_log.audit.hints import audit_hints
from lakehouse.delta_log.errors import DeltaLogError, TableNotFoundError, VersionNotFoundError
from lakehouse.delta_log.log_segment import list_log
from lakehouse.delta_log.replay import load_state
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader

__all__ = ["verify"]


def verify(storage: AbstractStorageReader, version: int | None = None) -> Iterator[Finding]:
    """Yield what is wrong with a table, the log first. Raises TableNotFoundError, VersionNotFoundError."""
    files = list_log(storage)
    yield from audit_commits(storage, files)
    try:
        # Not by ``load``, which refuses a table whose checksum disagrees: that is one finding among others.
        snapshot = Snapshot(storage, load_state(storage, version)[0])
    except (TableNotFoundError, VersionNotFoundError):
        raise
    except (DeltaLogError, StorageError) as error:
        yield Finding(severity="error", kind="unreadable table", where="_delta_log", message=str(error))
        return
    yield from audit_hints(storage, files, snapshot)
    yield from audit_files(storage, snapshot)
