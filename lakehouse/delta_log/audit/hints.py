"""Checkpoints, the hint to them, and checksums: what only saves work, but must not lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lakehouse.delta_log.audit.findings import Finding
from lakehouse.delta_log.errors import ChecksumMismatchError, DeltaLogError
from lakehouse.delta_log.log_segment import (
    LAST_CHECKPOINT_KEY,
    LogFile,
    LogFileKind,
    checksum_key,
    complete_checkpoints,
    read_last_checkpoint,
)
from lakehouse.delta_log.replay import check_state, check_totals, file_keys, read_checkpoint, read_checksum
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader

__all__ = ["audit_hints"]


def audit_hints(
    storage: AbstractStorageReader, files: Sequence[LogFile], snapshot: Snapshot
) -> Iterator[Finding]:
    """Yield unreadable and incomplete checkpoints, a hint that misleads, and a checksum that disagrees."""
    complete = complete_checkpoints(files)
    whole = {file.key for parts in complete for file in parts}
    for file in files:
        if file.kind is LogFileKind.MULTI_PART_CHECKPOINT and file.key not in whole:
            message = f"of its {file.parts} parts some are missing, so no reader uses it"
            yield Finding(severity="warning", kind="partial checkpoint", where=file.key, message=message)
    for parts in complete:
        yield from _unreadable(storage, parts)
    yield from _hint(storage, {parts[0].version for parts in complete})
    yield from _checksum(storage, files, snapshot)


def _unreadable(storage: AbstractStorageReader, parts: Sequence[LogFile]) -> Iterator[Finding]:
    try:
        files = read_checkpoint(storage, parts).files
        live = files.adds(["path", "size", "deletionVector"])
        removed = set(file_keys(files.removes()))
    except (DeltaLogError, StorageError) as error:
        yield Finding(severity="error", kind="unreadable checkpoint", where=parts[0].key, message=str(error))
        return
    for key, count in Counter(file_keys(live)).items():
        path = key if isinstance(key, str) else key[0]
        if count > 1:
            message = f"it adds {path!r} {count} times, so that its rows are read as often"
            yield Finding(severity="error", kind="repeated action", where=parts[0].key, message=message)
        if key in removed:
            message = f"it adds {path!r} and removes it, and no reader knows which counts"
            yield Finding(severity="error", kind="repeated action", where=parts[0].key, message=message)


def _hint(storage: AbstractStorageReader, versions: set[int]) -> Iterator[Finding]:
    if not storage.exists(LAST_CHECKPOINT_KEY):
        return
    hint = read_last_checkpoint(storage)
    if hint is None:
        message = "it is torn or not what the protocol says; readers pass it over"
    elif hint.version not in versions:
        message = f"it names version {hint.version}, which has no checkpoint; readers pass it over"
    else:
        return
    yield Finding(severity="warning", kind="wrong hint", where=LAST_CHECKPOINT_KEY, message=message)


def _checksum(
    storage: AbstractStorageReader, files: Sequence[LogFile], snapshot: Snapshot
) -> Iterator[Finding]:
    key = checksum_key(snapshot.version)
    if not any(file.key == key for file in files):
        return
    checksum = read_checksum(storage, snapshot.version)
    if checksum is None:
        yield Finding(severity="warning", kind="torn checksum", where=key, message="it can't be read")
        return
    try:
        check_state(checksum, snapshot.state, table=snapshot.table)
        check_totals(checksum, snapshot.totals, table=snapshot.table, version=snapshot.version)
    except ChecksumMismatchError as error:
        yield Finding(severity="error", kind="checksum mismatch", where=key, message=str(error))
