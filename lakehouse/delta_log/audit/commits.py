"""The commits: all there, each readable, and each within the protocol's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    CommitInfo,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
    decode_actions,
)
from lakehouse.delta_log.audit.findings import Finding
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.log_segment import LogFile, LogFileKind, commit_key, read_all
from lakehouse.delta_log.replay import FileKey, file_key
from lakehouse.storage import AbstractStorageReader

__all__ = ["audit_commits"]


def audit_commits(storage: AbstractStorageReader, files: Sequence[LogFile]) -> Iterator[Finding]:
    """Yield what is wrong with the commits that are left, oldest first."""
    commits = [file for file in files if file.kind is LogFileKind.COMMIT]
    checkpoints = {file.version for file in files if file.kind.is_checkpoint}
    yield from _gaps([file.version for file in commits], checkpoints)
    live: set[FileKey] | None = set() if commits and commits[0].version == 0 else None
    previous_ms: int | None = None
    for file, body in zip(commits, read_all(storage, [file.key for file in commits]), strict=True):
        try:
            actions = decode_actions(body, source=file.key)
        except MalformedLogError as error:
            yield _finding("error", "unreadable commit", file.key, error.reason)
            live = None
            continue
        if not actions:
            message = f"it has {len(body)} bytes and no action, and no writer commits nothing: what was in it is lost"
            yield _finding("error", "empty commit", file.key, message)
        elif not any(isinstance(action, CommitInfo) for action in actions):
            message = (
                "it doesn't say who wrote it, so a commit that was cut off can't be told from a whole one"
            )
            yield _finding("warning", "no provenance", file.key, message)
        yield from _rules(file.key, actions)
        if live is not None:
            yield from _removals(file.key, actions, live)
        info = next((action for action in actions if isinstance(action, CommitInfo)), None)
        current_ms = None if info is None else info.in_commit_timestamp_ms
        if current_ms is not None and previous_ms is not None and current_ms <= previous_ms:
            message = f"its inCommitTimestamp {current_ms} is not after the {previous_ms} of the one before"
            yield _finding("error", "time runs backwards", file.key, message)
        previous_ms = current_ms


def _finding(severity: str, kind: str, where: str, message: str) -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning", kind=kind, where=where, message=message
    )


def _gaps(versions: Sequence[int], checkpoints: set[int]) -> Iterator[Finding]:
    for before, after in pairwise(versions):
        if after != before + 1:
            bridged = any(before < version < after for version in checkpoints)
            message = f"versions {before + 1} to {after - 1} have no commit"
            yield _finding("warning" if bridged else "error", "log gap", commit_key(before + 1), message)
    if versions and versions[0] > 0 and not any(version >= versions[0] - 1 for version in checkpoints):
        message = f"the commits before version {versions[0]} are gone, and no checkpoint stands for them"
        yield _finding("error", "log gap", commit_key(0), message)


def _rules(key: str, actions: Sequence[Action]) -> Iterator[Finding]:
    """Yield what one commit may not hold twice (Delta PROTOCOL, "Add File", "Change Metadata", …)."""
    counted: Counter[str] = Counter()
    for action in actions:
        match action:
            case MetadataChange():
                counted["metaData actions"] += 1
            case ProtocolChange():
                counted["protocol actions"] += 1
            case CommitInfo():
                counted["commitInfo actions"] += 1
            case SetTransaction():
                counted[f"txn actions of the application {action.application_id!r}"] += 1
            case AddFile() | RemoveFile():
                counted[f"{_verb(action)} actions of {action.path!r}"] += 1
    for what, count in counted.items():
        if count > 1:
            yield _finding("error", "repeated action", key, f"it has {count} {what}")


def _verb(action: AddFile | RemoveFile) -> str:
    return "add" if isinstance(action, AddFile) else "remove"


def _removals(key: str, actions: Sequence[Action], live: set[FileKey]) -> Iterator[Finding]:
    """Follow the live files, and yield removals of what is not there: the mark of a lost conflict check."""
    files = [action for action in actions if isinstance(action, AddFile | RemoveFile)]
    added: set[FileKey] = set()
    for action in files:
        vector = action.deletion_vector
        identity = file_key(action.path, None if vector is None else vector.unique_id)
        if isinstance(action, AddFile):
            added.add(identity)
        elif identity in live:
            live.remove(identity)
        else:
            message = f"it removes {action.path!r}, which is not in the table"
            yield _finding("warning", "removal of nothing", key, message)
    live |= added
