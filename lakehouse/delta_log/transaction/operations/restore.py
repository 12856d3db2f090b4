"""Put a table back to an older version, as a new one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.replay import file_keys
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import WHOLE_TABLE, ReadSet
from lakehouse.delta_log.transaction.operations.added_again import added_again
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
    back = added_again(view, then, [key not in live for key in keys], version=old.version)
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
