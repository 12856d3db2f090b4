"""Files of an older version that become part of the table again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.actions import AddFile
from lakehouse.delta_log.deletion_vectors import descriptor_of
from lakehouse.delta_log.errors import DataFileError
from lakehouse.delta_log.stored_objects import locate
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["added_again"]


def added_again(
    view: TableView, files: pa.Table, chosen: Sequence[bool], *, version: int, data_change: bool = True
) -> list[AddFile]:
    """Return the actions that add the chosen files of a version as they were.

    Raises DataFileError where one is not there any more.
    """
    rows = files.filter(pa.array(chosen, pa.bool_())).to_pylist()
    added = [_file(row, table=view.table, data_change=data_change) for row in rows]
    _check_are_there(view, added, version=version)
    return added


def _file(row: Mapping[str, Any], *, table: str, data_change: bool) -> AddFile:
    return AddFile(
        path=row["path"],
        partition_values=dict(row["partitionValues"] or ()),
        size_bytes=row["size"],
        modified_ms=row["modificationTime"],
        data_change=data_change,
        stats=row["stats"],
        tags=None if row["tags"] is None else dict(row["tags"]),
        deletion_vector=descriptor_of(row["deletionVector"], table=table),
        base_row_id=row["baseRowId"],
        default_row_commit_version=row["defaultRowCommitVersion"],
        clustering_provider=row["clusteringProvider"],
    )


def _check_are_there(view: TableView, files: Iterable[AddFile], *, version: int) -> None:
    for file in files:
        storage, key = locate(view.storage, file.path)
        if not storage.exists(key):
            reason = "it is not there any more"
            raise DataFileError(table=view.table, path=file.path, version=version, reason=reason)
