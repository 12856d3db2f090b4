"""Can this transaction still be committed after that commit? Delta's rules, as pure functions.

The order of the rules and their outcomes are those of delta-spark's ConflictChecker, run once for each commit
that was made since the transaction's read version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    CommitInfo,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
    canonical_path,
)
from lakehouse.delta_log.errors import (
    CommitIdentity,
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)
from lakehouse.delta_log.table_features import MAY_APPEAR_MEANWHILE, ROW_TRACKING_DOMAIN, features_of
from lakehouse.delta_log.transaction.conflicts.isolation import IsolationLevel
from lakehouse.delta_log.transaction.conflicts.read_set import ReadSet

__all__ = ["Attempt", "WinningCommit", "find_conflict"]

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A transaction that wants to be committed."""

    table: str
    identity: CommitIdentity
    reads: ReadSet
    actions: Sequence[Action]
    isolation: IsolationLevel
    metadata: MetadataChange | None
    """The table's metadata as the transaction knows it; None while there is no table."""
    protocol: ProtocolChange | None

    def of_type(self, kind: type[_Kind]) -> list[_Kind]:
        return [action for action in self.actions if isinstance(action, kind)]

    @cached_property
    def changes_metadata(self) -> bool:
        return any(isinstance(action, MetadataChange) for action in self.actions)

    @cached_property
    def removed_paths(self) -> frozenset[str]:
        return frozenset(canonical_path(action.path) for action in self.of_type(RemoveFile))

    @property
    def is_blind_append(self) -> bool:
        """Only adds files, and saw nothing of the table while doing so."""
        only_adds = all(
            isinstance(action, AddFile | SetTransaction | CommitInfo) or _is_row_tracking(action)
            for action in self.actions
        )
        return only_adds and self.reads.nothing and any(isinstance(a, AddFile) for a in self.actions)


@dataclass(frozen=True, kw_only=True)
class WinningCommit:
    """A commit that was made meanwhile."""

    version: int
    actions: Sequence[Action]

    def of_type(self, kind: type[_Kind]) -> list[_Kind]:
        return [action for action in self.actions if isinstance(action, kind)]

    @cached_property
    def info(self) -> CommitInfo:
        return next(iter(self.of_type(CommitInfo)), CommitInfo())

    @property
    def identity(self) -> CommitIdentity:
        operation = self.info.operation or "an operation without a name"
        return CommitIdentity(
            operation=operation, transaction_id=self.info.transaction_id, version=self.version
        )


_Conflict = DeltaConcurrentModificationException | None


def find_conflict(mine: Attempt, winner: WinningCommit) -> _Conflict:
    """Return why ``mine`` can't follow ``winner``, as the error to raise; None if it can."""
    for rule in _RULES:
        conflict = rule(mine, winner)
        if conflict is not None:
            return conflict
    return None


def _protocol(mine: Attempt, winner: WinningCommit) -> _Conflict:
    for theirs in winner.of_type(ProtocolChange):
        if mine.of_type(ProtocolChange):
            return _because(ProtocolChangedException, mine, winner, "changed the protocol too", "protocol")
        before = frozenset() if mine.protocol is None else features_of(mine.protocol)
        after = features_of(theirs)
        disturbing = sorted((before - after) | (after - before - MAY_APPEAR_MEANWHILE))
        if disturbing or mine.protocol is None:
            names = ", ".join(disturbing) or "protocol"
            cause = f"changed the table's features ({names})"
            return _because(ProtocolChangedException, mine, winner, cause, names)
    return None


def _metadata(mine: Attempt, winner: WinningCommit) -> _Conflict:
    for theirs in winner.of_type(MetadataChange):
        if mine.changes_metadata:
            return _because(MetadataChangedException, mine, winner, "changed the metadata too", "metadata")
        if mine.metadata is None or not _only_enables_features(mine.metadata, theirs):
            return _because(MetadataChangedException, mine, winner, "changed the metadata", "metadata")
    return None


_HARMLESS_PROPERTIES = (
    "delta.enableRowTracking",
    "delta.rowTracking",
    "delta.enableDeletionVectors",
    "delta.enableInCommitTimestamps",
    "delta.inCommitTimestamp",
    "delta.checkpointPolicy",
)


def _only_enables_features(mine: MetadataChange, theirs: MetadataChange) -> bool:
    if (mine.schema_string, tuple(mine.partition_columns)) != (
        theirs.schema_string,
        tuple(theirs.partition_columns),
    ):
        return False
    before, after = dict(mine.configuration), dict(theirs.configuration)
    changed = {name for name, value in after.items() if before.get(name) != value}
    removed = before.keys() - after.keys()
    return not removed and all(name.startswith(_HARMLESS_PROPERTIES) for name in changed)


def _domains(mine: Attempt, winner: WinningCommit) -> _Conflict:
    own = {action.domain for action in mine.of_type(DomainMetadata)} - {ROW_TRACKING_DOMAIN}
    for action in winner.of_type(DomainMetadata):
        if action.domain in own:
            cause = f"wrote the metadata domain {action.domain!r} too"
            return _because(ConcurrentTransactionException, mine, winner, cause, action.domain)
    return None


def _applications(mine: Attempt, winner: WinningCommit) -> _Conflict:
    own = mine.reads.applications | {action.application_id for action in mine.of_type(SetTransaction)}
    for action in winner.of_type(SetTransaction):
        if action.application_id in own:
            cause = f"set the progress of {action.application_id!r} to {action.version}"
            return _because(ConcurrentTransactionException, mine, winner, cause, action.application_id)
    return None


def _appended_files(mine: Attempt, winner: WinningCommit) -> _Conflict:
    if mine.isolation is IsolationLevel.SNAPSHOT_ISOLATION or mine.reads.nothing:
        return None
    may_count_as_later = mine.isolation is IsolationLevel.WRITE_SERIALIZABLE and not mine.changes_metadata
    if may_count_as_later and winner.info.is_blind_append:
        return None
    for action in winner.of_type(AddFile):
        for predicate in mine.reads.predicates:
            if predicate.may_match(action.partition_values):
                cause = f"added {action.path!r}, which may hold rows of the predicate {predicate.text}"
                return _because(ConcurrentAppendException, mine, winner, cause, action.path)
    return None


def _deleted_files_that_were_read(mine: Attempt, winner: WinningCommit) -> _Conflict:
    for action in winner.of_type(RemoveFile):
        if canonical_path(action.path) in mine.reads.files:
            cause = f"removed {action.path!r}, which the transaction had read"
            return _because(ConcurrentDeleteReadException, mine, winner, cause, action.path)
    return None


def _deleted_files_that_are_deleted(mine: Attempt, winner: WinningCommit) -> _Conflict:
    for action in winner.of_type(RemoveFile):
        if canonical_path(action.path) in mine.removed_paths:
            cause = f"removed {action.path!r} too"
            return _because(ConcurrentDeleteDeleteException, mine, winner, cause, action.path)
    return None


_RULES: Iterable[Callable[[Attempt, WinningCommit], _Conflict]] = (
    _protocol,
    _metadata,
    _domains,
    _applications,
    _appended_files,
    _deleted_files_that_were_read,
    _deleted_files_that_are_deleted,
)


def _because(
    kind: type[DeltaConcurrentModificationException],
    mine: Attempt,
    winner: WinningCommit,
    cause: str,
    subject: str,
) -> DeltaConcurrentModificationException:
    return kind(table=mine.table, loser=mine.identity, winner=winner.identity, cause=cause, subject=subject)


def _is_row_tracking(action: Action) -> bool:
    return isinstance(action, DomainMetadata) and action.domain == ROW_TRACKING_DOMAIN
