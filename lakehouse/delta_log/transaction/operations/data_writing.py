"""New rows in new files, and how the commit that brings them is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pyarrow as pa

from lakehouse.delta_log.data_files import WrittenFile, conformed, write_data_files
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.operations.row_rules import check_rows_can_be_written
from lakehouse.delta_log.transaction.view import TableView
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageService

__all__ = ["deleted_on_failure", "write_operation", "write_rows"]


def write_rows(view: TableView, rows: pa.Table, *, data_change: bool = True) -> Change:
    """Check rows against the table, and write them into new files. Without rows, no file is written.

    Raises IncompatibleRowsError, NullInRequiredColumnError, UnenforceableRuleError.
    """
    layout = view.layout
    if data_change and rows.num_rows:
        check_rows_can_be_written(
            view.metadata, layout.schema, given_columns=rows.column_names, table=view.table
        )
    content = conformed(rows, layout, table=view.table)
    if content.num_rows == 0:
        return Change()
    written: list[WrittenFile] = []
    with deleted_on_failure(view.storage) as keys:
        for file in write_data_files(
            content, layout, storage=view.storage, table=view.table, data_change=data_change
        ):
            keys.append(file.key)
            written.append(file)
    return Change(actions=[file.add for file in written], written=written)


@contextmanager
def deleted_on_failure(storage: AbstractStorageService) -> Iterator[list[str]]:
    """Collect the keys of new files, and delete the files if the block fails: no transaction knows them yet."""
    keys: list[str] = []
    try:
        yield keys
    except BaseException:
        for key in keys:
            with suppress(StorageError, OSError):  # vacuum finds what stays
                storage.delete(key)
        raise


def write_operation(view: TableView, mode: str, **parameters: str) -> Operation:
    """Return the operation of a commit that brings rows; ``mode`` is Delta's ``Append`` or ``Overwrite``."""
    return Operation.of("WRITE", mode=mode, partitionBy=list(view.metadata.partition_columns), **parameters)
