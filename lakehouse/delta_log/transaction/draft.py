"""From what a transaction wants to the commit of one version. Pure, and repeated for each version that is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lakehouse.delta_log.actions import (
    Action,
    AddFile,
    CommitInfo,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
)
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.errors import CommitIdentity
from lakehouse.delta_log.table_features import in_commit_timestamp, with_enablement, with_row_ids
from lakehouse.delta_log.transaction.conflicts import (
    NOTHING_READ,
    Attempt,
    ReadSet,
    effective_level,
    table_level,
)
from lakehouse.delta_log.transaction.writer_state import WriterState
from lakehouse.version import __version__

__all__ = ["ENGINE_INFO", "Draft"]

_Kind = TypeVar("_Kind")

ENGINE_INFO = f"lakehouse/{__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a transaction wants to commit, independent of the version that it will get."""

    table: str
    transaction_id: str
    read_version: int
    """-1: there was no table."""
    operation: str
    """Delta's names: WRITE, DELETE, OPTIMIZE, …"""
    actions: Sequence[Action]
    reads: ReadSet = NOTHING_READ
    operation_parameters: Mapping[str, str] = field(default_factory=dict)
    """Each value as JSON text, as delta-spark writes them."""
    operation_metrics: Mapping[str, str] = field(default_factory=dict)
    user_metadata: str | None = None

    def attempt(self, state: WriterState) -> Attempt:
        """Return what the conflict rules look at; ``state`` is the one the transaction knows."""
        return Attempt(
            table=self.table,
            identity=CommitIdentity(
                operation=self.operation, transaction_id=self.transaction_id, version=self.read_version
            ),
            reads=self.reads,
            actions=self.actions,
            isolation=effective_level(table_level(state.properties), self.actions),
            metadata=state.metadata,
            protocol=state.protocol,
        )

    def commit_after(self, state: WriterState, *, now_ms: int) -> Commit:
        """Return the commit that would make the version after ``state``."""
        version = state.version + 1
        metadata = _latest(self.actions, MetadataChange) or state.metadata
        protocol = _latest(self.actions, ProtocolChange) or state.protocol
        actions = list(self.actions)
        timestamp_ms = in_commit_timestamp(metadata, before_ms=state.in_commit_timestamp_ms, now_ms=now_ms)
        if timestamp_ms is not None:
            actions = with_enablement(
                actions, before=state.metadata, version=version, timestamp_ms=timestamp_ms
            )
        if protocol is not None:
            actions = with_row_ids(actions, version=version, protocol=protocol, domains=state.domains)
        info = self._commit_info(state, now_ms=now_ms, in_commit_timestamp_ms=timestamp_ms)
        return Commit(actions=[info, *actions], transaction_id=self.transaction_id)

    def _commit_info(
        self, state: WriterState, *, now_ms: int, in_commit_timestamp_ms: int | None
    ) -> CommitInfo:
        attempt = self.attempt(state)
        return CommitInfo(
            timestamp_ms=now_ms if in_commit_timestamp_ms is None else in_commit_timestamp_ms,
            in_commit_timestamp_ms=in_commit_timestamp_ms,
            operation=self.operation,
            operation_parameters=self.operation_parameters,
            read_version=self.read_version if self.read_version >= 0 else None,
            isolation_level=attempt.isolation.value,
            is_blind_append=attempt.is_blind_append,
            operation_metrics={**_counted(self.actions), **self.operation_metrics},
            user_metadata=self.user_metadata,
            engine_info=ENGINE_INFO,
            transaction_id=self.transaction_id,
        )


def _latest(actions: Sequence[Action], kind: type[_Kind]) -> _Kind | None:
    return next((action for action in reversed(actions) if isinstance(action, kind)), None)


def _counted(actions: Sequence[Action]) -> dict[str, str]:
    added = [action for action in actions if isinstance(action, AddFile)]
    removed = sum(isinstance(action, RemoveFile) for action in actions)
    metrics = {"numFiles": str(len(added)), "numOutputBytes": str(sum(a.size_bytes for a in added))}
    return {**metrics, "numRemovedFiles": str(removed)} if removed else metrics
