"""Data files that come and go, and the change data beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from lakehouse.delta_log.actions.numbers import Int32, Int64

__all__ = ["AddCDCFile", "AddFile", "DeletionVectorDescriptor", "RemoveFile"]

_FILE_NAMES = {
    "partition_values": "partitionValues",
    "size_bytes": "size",
    "modified_ms": "modificationTime",
    "deleted_ms": "deletionTimestamp",
    "data_change": "dataChange",
    "extended_file_metadata": "extendedFileMetadata",
    "deletion_vector": "deletionVector",
    "base_row_id": "baseRowId",
    "default_row_commit_version": "defaultRowCommitVersion",
    "clustering_provider": "clusteringProvider",
}


class DeletionVectorDescriptor(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "storage_type": "storageType",
        "path_or_inline": "pathOrInlineDv",
        "size_bytes": "sizeInBytes",
        "max_row_index": "maxRowIndex",
    },
):
    """Where a data file's deleted rows are written down (Delta PROTOCOL, "Deletion Vector Descriptor")."""

    storage_type: Literal["u", "i", "p"]
    """``u``: file beside the table, named by a UUID; ``i``: inline; ``p``: file with an absolute path."""
    path_or_inline: str
    offset: Int32 | None = None
    """Byte at which the vector's frame starts in its file; absent when inline."""
    size_bytes: Int32
    """Of the bitmap alone, without the frame."""
    cardinality: Int64
    """Number of deleted rows."""
    max_row_index: Int64 | None = None

    @property
    def unique_id(self) -> str:
        """Return the id that, with the data file's path, identifies a logical file."""
        body = f"{self.storage_type}{self.path_or_inline}"
        return body if self.offset is None else f"{body}@{self.offset}"


class AddFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_FILE_NAMES):
    """A data file that became part of the table (Delta PROTOCOL, "Add File and Remove File")."""

    path: str
    """Relative to the table's root, percent-encoded; absolute only for shallow clones."""
    partition_values: Mapping[str, str | None]
    """By physical column name, each value as the protocol serialises it; None and "" are null."""
    size_bytes: Int64
    modified_ms: Int64
    """Milliseconds since the epoch, as storage gave it; not unique, not monotonic."""
    data_change: bool
    """False: the rows were in the table before, only arranged differently."""
    stats: str | None = None
    """JSON text: numRecords, minValues, maxValues, nullCount, tightBounds."""
    tags: Mapping[str, str | None] | None = None
    deletion_vector: DeletionVectorDescriptor | None = None
    base_row_id: Int64 | None = None
    default_row_commit_version: Int64 | None = None
    clustering_provider: str | None = None


class RemoveFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_FILE_NAMES):
    """A data file that left the table: a tombstone (Delta PROTOCOL, "Add File and Remove File")."""

    path: str
    deleted_ms: Int64 | None = None
    """Milliseconds since the epoch; absent means since ever."""
    data_change: bool
    extended_file_metadata: bool | None = None
    """True: ``partition_values``, ``size_bytes`` and ``tags`` are there."""
    partition_values: Mapping[str, str | None] | None = None
    size_bytes: Int64 | None = None
    stats: str | None = None
    tags: Mapping[str, str | None] | None = None
    deletion_vector: DeletionVectorDescriptor | None = None
    base_row_id: Int64 | None = None
    default_row_commit_version: Int64 | None = None


class AddCDCFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_FILE_NAMES):
    """A file of row-level changes of one version; not part of the table (Delta PROTOCOL, "Add CDC File")."""

    path: str
    partition_values: Mapping[str, str | None]
    size_bytes: Int64
    data_change: bool = msgspec.field(default_factory=lambda: False)
    """Always false, and always written."""
    tags: Mapping[str, str | None] | None = None
