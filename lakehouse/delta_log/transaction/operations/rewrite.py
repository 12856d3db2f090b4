"""Replace files by others that hold the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import AddFile, canonical_path
from lakehouse.delta_log.data_files import WrittenFile
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import ReadSet
from lakehouse.delta_log.transaction.operations.data_writing import write_rows
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["rewrite", "take_rewrite"]


def rewrite(
    view: TableView, paths: Iterable[str], rows: pa.Table, *, tags: Mapping[str, str | None] | None = None
) -> Change:
    """Replace files by others that hold the same rows: no reader sees a change.

    The new files have ``tags`` in the log. Raises FileNotLiveError.
    """
    change = take_rewrite(view, paths, ())
    written = write_rows(view, rows, data_change=False)
    added = [action for action in written.actions if isinstance(action, AddFile)]
    return change.then(
        replace(written, actions=[msgspec.structs.replace(action, tags=tags) for action in added])
    )


def take_rewrite(view: TableView, paths: Iterable[str], files: Sequence[WrittenFile]) -> Change:
    """Take files that were written as ``SharedWrite.of_same_rows`` in place of others. Raises FileNotLiveError."""
    replaced = [canonical_path(path) for path in paths]
    return Change(
        actions=[
            *view.live_files.tombstones(replaced, data_change=False),
            *(file.add for file in files),
        ],
        operation=Operation.of("OPTIMIZE", predicate=[]),
        reads=ReadSet(files=frozenset(replaced)),
        written=files,
    )
