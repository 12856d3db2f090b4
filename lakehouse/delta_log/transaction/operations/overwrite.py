"""Replace all rows of a table."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.conflicts import WHOLE_TABLE, ReadSet
from lakehouse.delta_log.transaction.operations import alter_table
from lakehouse.delta_log.transaction.operations.append import append
from lakehouse.delta_log.transaction.operations.data_writing import write_operation, write_rows
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["overwrite", "remove_all_files"]


def overwrite(view: TableView, rows: pa.Table, *, replace_schema: bool = False) -> Change:
    """Remove every live file, and write the rows; with ``replace_schema`` the table takes their schema."""
    if not view.exists:
        return append(view, rows)
    change = alter_table.replace_schema(view, rows.schema) if replace_schema else Change()
    change = change.then(remove_all_files(view))
    view = view.after(change)
    return change.then(write_rows(view, rows)).called(write_operation(view, "Overwrite"))


def remove_all_files(view: TableView) -> Change:
    """Remove every live file; the result depends on every row."""
    paths = view.live_files.paths()
    return Change(
        actions=view.live_files.tombstones(paths),
        reads=ReadSet(predicates=(WHOLE_TABLE,), files=frozenset(paths)),
    )
