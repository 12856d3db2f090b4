"""The live files of a version by path, and the tombstones that take them away."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import AddFile, DeletionVectorDescriptor, RemoveFile, canonical_path
from lakehouse.delta_log.deletion_vectors import descriptor_of
from lakehouse.delta_log.errors import FileNotLiveError
from lakehouse.delta_log.replay import FileSet

__all__ = ["LiveFiles"]


class LiveFiles:
    """Finds a live file by any spelling of its path. The files are read from the log when first asked for."""

    def __init__(self, files: FileSet, *, table: str, version: int) -> None:
        self._files = files
        self._table = table
        self._version = version
        # Not a cached_property: before Python 3.12 that locks out all other transactions of the process.
        self._loaded: tuple[pa.Table, dict[str, int]] | None = None

    def paths(self) -> list[str]:
        """Return the canonical paths of all live files."""
        return list(self._by_path()[1])

    def partition_values(self, path: str) -> dict[str, str | None]:
        """Return a live file's partition values by physical name. Raises FileNotLiveError."""
        return dict(self._row(path)["partitionValues"] or ())

    def tombstones(self, paths: Iterable[str], *, data_change: bool = True) -> list[RemoveFile]:
        """Return the actions that remove live files now. Raises FileNotLiveError."""
        now_ms = time.time_ns() // 1_000_000
        return [self._tombstone(path, deleted_ms=now_ms, data_change=data_change) for path in paths]

    def with_vector(self, path: str, vector: DeletionVectorDescriptor) -> AddFile:
        """Return the action that makes a file live again without the rows of a vector. Raises FileNotLiveError."""
        row = self._row(path)
        return AddFile(
            path=row["path"],
            partition_values=dict(row["partitionValues"] or ()),
            size_bytes=row["size"],
            modified_ms=row["modificationTime"],
            data_change=True,
            stats=_with_wide_bounds(row["stats"]),
            tags=None if row["tags"] is None else dict(row["tags"]),
            deletion_vector=vector,
            base_row_id=row["baseRowId"],
            default_row_commit_version=row["defaultRowCommitVersion"],
            clustering_provider=row["clusteringProvider"],
        )

    def _tombstone(self, path: str, *, deleted_ms: int, data_change: bool) -> RemoveFile:
        row = self._row(path)
        return RemoveFile(
            path=row["path"],
            deleted_ms=deleted_ms,
            data_change=data_change,
            extended_file_metadata=True,
            partition_values=dict(row["partitionValues"] or ()),
            size_bytes=row["size"],
            stats=row["stats"],
            deletion_vector=descriptor_of(row["deletionVector"], table=self._table),
            base_row_id=row["baseRowId"],
            default_row_commit_version=row["defaultRowCommitVersion"],
        )

    def _row(self, path: str) -> dict[str, Any]:
        files, rows = self._by_path()
        index = rows.get(canonical_path(path))
        if index is None:
            raise FileNotLiveError(table=self._table, path=path, version=self._version)
        row: dict[str, Any] = files.slice(index, 1).to_pylist()[0]
        return row

    def _by_path(self) -> tuple[pa.Table, dict[str, int]]:
        if self._loaded is None:
            files = self._files.adds()
            paths = files.column("path").to_pylist()
            self._loaded = files, {canonical_path(path): row for row, path in enumerate(paths)}
        return self._loaded


def _with_wide_bounds(stats: str | None) -> str | None:
    """Return the statistics with the note that rows may be gone (Delta PROTOCOL, "Per-file Statistics")."""
    if stats is None:
        return None
    said = msgspec.json.decode(stats, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**said, "tightBounds": False}).decode()
