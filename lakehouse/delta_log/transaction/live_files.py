"""The live files of a version by path, and the tombstones that take them away."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lakehouse.delta_log.actions import DeletionVectorDescriptor, RemoveFile, canonical_path
from lakehouse.delta_log.errors import FileNotLiveError

__all__ = ["LiveFiles"]


class LiveFiles:
    """Finds a live file by any spelling of its path."""

    def __init__(self, files: pa.Table, *, table: str, version: int) -> None:
        self._files = files
        self._table = table
        self._version = version
        self._rows = {canonical_path(path): row for row, path in enumerate(files.column("path").to_pylist())}

    def paths(self) -> list[str]:
        """Return the canonical paths of all live files."""
        return list(self._rows)

    def partition_values(self, path: str) -> dict[str, str | None]:
        """Return a live file's partition values by physical name. Raises FileNotLiveError."""
        return dict(self._row(path)["partitionValues"] or ())

    def tombstone(self, path: str, *, deleted_ms: int, data_change: bool) -> RemoveFile:
        """Return the action that removes a live file. Raises FileNotLiveError."""
        row = self._row(path)
        vector = row["deletionVector"]
        return RemoveFile(
            path=row["path"],
            deleted_ms=deleted_ms,
            data_change=data_change,
            extended_file_metadata=True,
            partition_values=dict(row["partitionValues"] or ()),
            size_bytes=row["size"],
            stats=row["stats"],
            deletion_vector=None if vector is None else _descriptor(vector),
            base_row_id=row["baseRowId"],
            default_row_commit_version=row["defaultRowCommitVersion"],
        )

    def _row(self, path: str) -> dict[str, Any]:
        index = self._rows.get(canonical_path(path))
        if index is None:
            raise FileNotLiveError(table=self._table, path=path, version=self._version)
        row: dict[str, Any] = self._files.slice(index, 1).to_pylist()[0]
        return row


def _descriptor(vector: dict[str, Any]) -> DeletionVectorDescriptor:
    return DeletionVectorDescriptor(
        storage_type=vector["storageType"],
        path_or_inline=vector["pathOrInlineDv"],
        offset=vector["offset"],
        size_bytes=vector["sizeInBytes"],
        cardinality=vector["cardinality"],
        max_row_index=vector["maxRowIndex"],
    )
