"""Put a table back to an older version, as a new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import AddFile, MetadataChange
from lakehouse.delta_log.deletion_vectors import descriptor_of
from lakehouse.delta_log.errors import DataFileError
from lakehouse.delta_log.replay import file_keys
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.stored_objects import locate
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import WHOLE_TABLE, ReadSet
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["restore"]


def restore(view: TableView, old: Snapshot) -> Change:
    """Give the table the rows, columns and partitions that it had in ``old``; protocol and properties stay.

    No file is written. Raises DataFileError where a file of that version is not there any more.
    """
    view.require_table("restore")
    now, then = view.snapshot.files(), old.files()
    live = dict(zip(file_keys(now), now["path"].to_pylist(), strict=True))
    keys = list(file_keys(then))
    wanted = set(keys)
    gone = [path for key, path in live.items() if key not in wanted]
    back = _files(then, [key not in live for key in keys], table=view.table)
    _check_are_there(view, back, version=old.version)
    removed = view.live_files.tombstones(gone)
    return Change(
        actions=[*_metadata(view, old), *removed, *back],
        operation=Operation.of("RESTORE", version=old.version, timestamp=None),
        reads=ReadSet(predicates=(WHOLE_TABLE,), files=frozenset(view.live_files.paths())),
    )


def _metadata(view: TableView, old: Snapshot) -> Iterable[MetadataChange]:
    held = view.metadata
    metadata = msgspec.structs.replace(
        held,
        schema_string=old.metadata.schema_string,
        partition_columns=old.metadata.partition_columns,
    )
    return () if metadata == held else (metadata,)


def _files(files: pa.Table, chosen: list[bool], *, table: str) -> list[AddFile]:
    rows = files.filter(pa.array(chosen, pa.bool_())).to_pylist()
    return [_file(row, table=table) for row in rows]


def _file(row: Mapping[str, Any], *, table: str) -> AddFile:
    return AddFile(
        path=row["path"],
        partition_values=dict(row["partitionValues"] or ()),
        size_bytes=row["size"],
        modified_ms=row["modificationTime"],
        data_change=True,
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
