"""What a writer knows of a table at one version: the state that readers have, and a few sums over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.compute as pc

from lakehouse.delta_log.actions import DomainMetadata, MetadataChange, ProtocolChange
from lakehouse.delta_log.commit_content import CommitContent, FileKey
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.delta_log.file_rows import AddLine, RemoveLine
from lakehouse.delta_log.file_set import FileSet
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_state import TableState, load_state
from lakehouse.storage import AbstractStorageReader

__all__ = ["FileCounts", "WriterState", "load_writer_state", "no_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """How many live files there are, and their bytes."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterState:
    """The newest of everything that a commit can depend on."""

    table: TableState
    in_commit_timestamp_ms: int | None = None
    counts: FileCounts | None = None
    """None: not certain, so nothing may be claimed in a checksum file."""

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
        return {} if self.metadata is None else self.metadata.configuration

    def advanced(
        self, content: CommitContent, *, in_commit_timestamp_ms: int | None, is_ours: bool = False
    ) -> WriterState:
        """Return the state one version on; a commit of ours removes live files and adds new ones only."""
        return WriterState(
            table=self.table.advanced(self.version + 1, content),
            in_commit_timestamp_ms=in_commit_timestamp_ms,
            counts=_counted(self.counts, content.files, None if is_ours else self.table.files),
        )


def no_table(table: str) -> WriterState:
    """Return the state before version 0."""
    nothing = TableState(
        version=-1,
        protocol=None,
        metadata=None,
        transactions={},
        domains={},
        files=FileSet(source=table),
        commit_info=None,
    )
    return WriterState(table=nothing, counts=FileCounts(files=0, size_bytes=0))


def load_writer_state(storage: AbstractStorageReader) -> WriterState:
    """Return the state at the newest version, or before the first. Raises DeltaLogError."""
    try:
        table, _ = load_state(storage)
    except TableNotFoundError:
        return no_table(storage.uri())
    info = Snapshot(storage, table).commit_info
    return WriterState(
        table=table,
        in_commit_timestamp_ms=None if info is None else info.in_commit_timestamp_ms,
        counts=_sums(table.files),
    )


def _sums(files: FileSet) -> FileCounts:
    sizes = files.adds(["size"]).column("size")
    return FileCounts(files=len(sizes), size_bytes=pc.sum(sizes).as_py() or 0)


def _counted(
    counts: FileCounts | None, changes: Mapping[FileKey, AddLine | RemoveLine], before: FileSet | None
) -> FileCounts | None:
    # A log may remove what is not there, and add what is: what others commit is looked up.
    if counts is None:
        return None
    files, size_bytes = counts.files, counts.size_bytes
    only_appends = all(isinstance(line, AddLine) and line.dataChange for line in changes.values())
    for key, line in changes.items():
        is_add = isinstance(line, AddLine)
        if before is not None and not only_appends and _is_live(before, key) == is_add:
            if is_add:
                return None  # the same file with a new size, perhaps
            continue
        if line.size is None:
            return None
        sign = 1 if is_add else -1
        files, size_bytes = files + sign, size_bytes + sign * line.size
    return FileCounts(files=files, size_bytes=size_bytes)


def _is_live(files: FileSet, key: FileKey) -> bool:
    return files.is_live(key) if isinstance(key, str) else files.is_live(*key)
