"""Add rows to a table."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.operations.alter_table import add_columns
from lakehouse.delta_log.transaction.operations.create_table import create_table
from lakehouse.delta_log.transaction.operations.data_writing import write_operation, write_rows
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["append"]


def append(view: TableView, rows: pa.Table, *, merge_schema: bool = False) -> Change:
    """Write rows into new files; create the table from their schema if it does not exist.

    It reads nothing of the table, so that it can follow any commit that changes only rows.
    """
    change = Change()
    if not view.exists:
        change = create_table(view, rows.schema)
    elif merge_schema:
        change = add_columns(view, rows.schema)
    view = view.after(change)
    return change.then(write_rows(view, rows)).called(write_operation(view, "Append"))
