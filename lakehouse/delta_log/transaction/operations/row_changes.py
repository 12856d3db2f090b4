"""Changes of rows: which files come, which go, and what was read to know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import canonical_path
from lakehouse.delta_log.data_files import conformed, write_data_files
from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.transaction.conflicts import ReadPredicate
from lakehouse.delta_log.transaction.operations import table_changes
from lakehouse.delta_log.transaction.operations.row_rules import check_rows_can_be_written

if TYPE_CHECKING:
    from lakehouse.delta_log.transaction.transaction import Transaction

__all__ = ["append", "overwrite", "replace_partitions", "rewrite", "write_rows"]


def append(transaction: Transaction, rows: pa.Table, *, merge_schema: bool) -> None:
    """Write rows into new files; reads nothing, so that it can follow any commit that changes only rows."""
    if not transaction.exists:
        transaction.create(rows.schema)
    elif merge_schema:
        transaction.add_columns(rows.schema)
    _describe(transaction, "Append")
    write_rows(transaction, rows)


def overwrite(transaction: Transaction, rows: pa.Table, *, replace_schema: bool) -> None:
    """Remove every live file, and write the rows."""
    if not transaction.exists:
        return append(transaction, rows, merge_schema=False)
    if replace_schema:
        table_changes.replace_schema(transaction, rows.schema)
    _describe(transaction, "Overwrite")
    transaction.read_whole_table()
    for path in transaction.live_files.paths():
        transaction.remove(path)
    write_rows(transaction, rows)
    return None


def replace_partitions(transaction: Transaction, rows: pa.Table) -> None:
    """Remove the files of the partitions that the rows are in, and write the rows."""
    if not transaction.exists or not transaction.metadata.partition_columns:
        problems = ["a table without partition columns has no partitions to replace: use overwrite()"]
        raise IncompatibleRowsError(table=transaction.table, problems=problems)
    _describe(transaction, "Overwrite", partitionOverwriteMode="dynamic")
    write_rows(transaction, rows)
    replaced = {_key(file.add.partition_values) for file in transaction.written}
    gone = [
        path
        for path in transaction.live_files.paths()
        if _key(transaction.live_files.partition_values(path)) in replaced
    ]
    text = " or ".join(sorted(" and ".join(f"{name} = {value!r}" for name, value in key) for key in replaced))
    predicate = ReadPredicate(text=text, may_match=lambda values: _key(values) in replaced)
    transaction.read_rows(predicate, files=gone)
    for path in gone:
        transaction.remove(path)


def rewrite(transaction: Transaction, paths: Iterable[str], rows: pa.Table) -> None:
    """Put rows that are the same in the place of files."""
    transaction.operation = "OPTIMIZE"
    transaction.operation_parameters = {"predicate": "[]"}
    replaced = [canonical_path(path) for path in paths]
    transaction.read_files(replaced)
    for path in replaced:
        transaction.remove(path, data_change=False)
    write_rows(transaction, rows, data_change=False)


def write_rows(transaction: Transaction, rows: pa.Table, *, data_change: bool = True) -> None:
    """Check rows against the table, write them into new files, and add the files to the commit."""
    layout, table = transaction.layout, transaction.table
    if data_change:
        check_rows_can_be_written(
            transaction.metadata, layout.schema, given_columns=rows.column_names, table=table
        )
    content = conformed(rows, layout, table=table)
    if content.num_rows == 0:
        return
    files = write_data_files(
        content, layout, storage=transaction.storage, table=table, data_change=data_change
    )
    for file in files:
        transaction.written.append(file)
        transaction.append_action(file.add)


def _describe(transaction: Transaction, mode: str, **parameters: str) -> None:
    columns = list(transaction.metadata.partition_columns)
    transaction.operation = "WRITE"
    transaction.operation_parameters = {
        "mode": mode,
        "partitionBy": msgspec.json.encode(columns).decode(),
        **parameters,
    }


def _key(values: Mapping[str, str | None]) -> frozenset[tuple[str, str | None]]:
    # "" is null (Delta PROTOCOL, "Partition Value Serialization").
    return frozenset((name, value or None) for name, value in values.items())
