"""What a writer knows of a table at one version: the state that readers have, and the time of its commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.delta_log.actions import DomainMetadata, MetadataChange, ProtocolChange
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.delta_log.replay import CommitContent, LogState, empty_state, load_state, with_own_commit
from lakehouse.storage import AbstractStorageReader

__all__ = ["WriterState", "load_writer_state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterState:
    """The newest of everything that a commit can depend on."""

    table: LogState
    in_commit_timestamp_ms: int | None = None

    @property
    def version(self) -> int:
        """Return the version, -1 where there is no table yet."""
        return self.table.version

    @property
    def protocol(self) -> ProtocolChange | None:
        return self.table.protocol

    @property
    def metadata(self) -> MetadataChange | None:
        return self.table.metadata

    @property
    def domains(self) -> Mapping[str, DomainMetadata]:
        return self.table.domains

    @property
    def properties(self) -> Mapping[str, str | None]:
        return _properties(self.table)

    def advanced(self, content: CommitContent, *, in_commit_timestamp_ms: int | None) -> WriterState:
        """Return the state one version on."""
        return WriterState(
            table=self.table.advanced(self.version + 1, content),
            in_commit_timestamp_ms=in_commit_timestamp_ms,
        )


def load_writer_state(storage: AbstractStorageReader) -> WriterState:
    """Return the state at the newest version, or before the first. Raises DeltaLogError."""
    try:
        table, _ = load_state(storage)
    except TableNotFoundError:
        return WriterState(table=empty_state(storage.uri()))
    if table.commit_mark is None:  # a checkpoint or a compacted log was read instead of the commit
        table = with_own_commit(table, storage)
    return WriterState(table=table, in_commit_timestamp_ms=_in_commit_timestamp_ms(table))


def _in_commit_timestamp_ms(table: LogState) -> int | None:
    info = table.decoded_commit_info()
    return None if info is None else info.in_commit_timestamp_ms


def _properties(table: LogState) -> Mapping[str, str | None]:
    return {} if table.metadata is None else table.metadata.configuration
