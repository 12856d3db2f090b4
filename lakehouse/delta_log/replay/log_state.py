"""The state of a table at one version, by replay of its log (Delta PROTOCOL, "Action Reconciliation")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from lakehouse.delta_log.actions import (
    CommitInfo,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    SetTransaction,
)
from lakehouse.delta_log.errors import IncompleteStateError, MalformedLogError
from lakehouse.delta_log.log_segment import LogFileKind, LogSegment, commit_key, find_segment, read_all
from lakehouse.delta_log.replay.checkpoint_reader import read_checkpoint
from lakehouse.delta_log.replay.commit_content import CommitContent, read_content
from lakehouse.delta_log.replay.file_set import FileSet
from lakehouse.delta_log.table_features import check_readable
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["LogState", "check_complete", "empty_state", "load_state", "with_own_commit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """The result of all actions up to a version."""

    version: int
    protocol: ProtocolChange | None
    metadata: MetadataChange | None
    transactions: Mapping[str, SetTransaction]
    domains: Mapping[str, DomainMetadata]
    files: FileSet
    commit_info: msgspec.Raw | None
    """Of ``version`` itself, as JSON text; None where it was not read."""
    commit_mark: bytes | None = None
    """Tells the commit of ``version`` from any other; None where it was not read."""

    def advanced(self, version: int, content: CommitContent) -> LogState:
        """Return the state after one more commit (or compacted log)."""
        return replace(
            self,
            version=version,
            protocol=content.protocol or self.protocol,
            metadata=content.metadata or self.metadata,
            transactions={**self.transactions, **content.transactions}
            if content.transactions
            else self.transactions,
            domains=_live({**self.domains, **content.domains}) if content.domains else self.domains,
            files=self.files.advanced(content.files),
            commit_info=content.commit_info,
            commit_mark=content.mark,
        )

    def decoded_commit_info(self) -> CommitInfo | None:
        """Return who made this version, and how; None where its commit was not read or does not say."""
        if self.commit_info is None:
            return None
        fields = msgspec.json.decode(self.commit_info)
        return CommitInfo.from_json(fields) if isinstance(fields, dict) else None


def _live(domains: Mapping[str, DomainMetadata]) -> dict[str, DomainMetadata]:
    return {name: action for name, action in domains.items() if not action.removed}


def load_state(storage: AbstractStorageReader, version: int | None = None) -> tuple[LogState, LogSegment]:
    """Rebuild the state at a version, the latest by default. Raises the errors of ``errors.DeltaLogError``.

    A damaged checkpoint is passed over where an older one, or the commits from the start, lead there too.
    """
    damaged: set[str] = set()
    first_error: Exception | None = None
    while True:
        try:
            segment = find_segment(storage, version, without=damaged)
        except Exception:
            if first_error is not None:
                raise first_error from None
            raise
        try:
            state = _from_checkpoint(storage, segment)
        except (MalformedLogError, NotFoundError) as error:
            if not segment.checkpoint:
                raise
            first_error = first_error or error
            damaged.update(file.key for file in segment.checkpoint)
            version = segment.version if version is None else version
            continue
        return _replayed(storage, segment, state), segment


def _from_checkpoint(storage: AbstractStorageReader, segment: LogSegment) -> LogState:
    table = storage.uri()
    if not segment.checkpoint:
        return empty_state(table)
    checkpoint = read_checkpoint(storage, segment.checkpoint)
    return LogState(
        version=segment.checkpoint[0].version,
        protocol=checkpoint.protocol,
        metadata=checkpoint.metadata,
        transactions=checkpoint.transactions,
        domains=checkpoint.domains,
        files=FileSet(table, base=checkpoint.files),
        commit_info=None,
    )


def empty_state(table: str) -> LogState:
    """Return the state before version 0: its version is -1."""
    return LogState(
        version=-1,
        protocol=None,
        metadata=None,
        transactions={},
        domains={},
        files=FileSet(table),
        commit_info=None,
    )


def _replayed(storage: AbstractStorageReader, segment: LogSegment, state: LogState) -> LogState:
    bodies = read_all(storage, [file.key for file in segment.commits])
    table = storage.uri()
    for file, body in zip(segment.commits, bodies, strict=True):
        state = state.advanced(file.end_version, read_content(body, source=f"{table}/{file.key}"))
        if file.kind is not LogFileKind.COMMIT:
            state = replace(state, commit_mark=None)
    check_complete(state, table)
    return state


def check_complete(state: LogState, table: str) -> None:
    """Raise IncompleteStateError or UnsupportedFeatureError unless the state can be read."""
    if state.protocol is None:
        raise IncompleteStateError(table=table, version=state.version, action="protocol")
    check_readable(state.protocol, table=table)
    if state.metadata is None:
        raise IncompleteStateError(table=table, version=state.version, action="metaData")


def with_own_commit(state: LogState, storage: AbstractStorageReader) -> LogState:
    """Return the state with who made its version, read from the commit; unchanged where that is gone."""
    key = commit_key(state.version)
    try:
        content = read_content(storage.read(key), source=storage.uri(key))
    except NotFoundError:
        return state
    return replace(state, commit_info=content.commit_info, commit_mark=content.mark)
