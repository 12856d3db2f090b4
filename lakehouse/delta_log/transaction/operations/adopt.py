"""Take Parquet files that another program wrote into a table."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import pyarrow as pa

from lakehouse.delta_log.data_files import WrittenFile, described
from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.schema import StructField, StructType, arrow_type
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.operations.alter_table import replace_schema
from lakehouse.delta_log.transaction.operations.create_table import create_table
from lakehouse.delta_log.transaction.operations.data_writing import deleted_on_failure, write_operation
from lakehouse.delta_log.transaction.operations.overwrite import remove_all_files
from lakehouse.delta_log.transaction.operations.row_rules import check_rules
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["WriteKind", "adopt"]


class WriteKind(Enum):
    """Whether the rows of the table stay; the values are Delta's words."""

    APPEND = "Append"
    OVERWRITE = "Overwrite"


def adopt(
    view: TableView, keys: Iterable[str], schema: StructType, *, kind: WriteKind = WriteKind.APPEND
) -> Change:
    """Take files below the table's root into it, with statistics from their footers; ``schema`` is theirs.

    ``keys`` may be a generator that puts each file in its place. The files belong to the transaction from then
    on: one without rows is deleted, and if anything fails, all are. A table that is not there is created; one
    that is overwritten takes the files' schema. Raises IncompatibleRowsError, UnenforceableRuleError.
    """
    change = _prepared(view, schema, kind)
    view = view.after(change)
    _check_files_fit(view, schema)
    written = _described(view, keys)
    files = Change(actions=[file.add for file in written], written=written)
    return change.then(files).called(write_operation(view, kind.value))


def _prepared(view: TableView, schema: StructType, kind: WriteKind) -> Change:
    if not view.exists:
        return create_table(view, schema)
    if kind is WriteKind.APPEND:
        return Change()
    change = Change() if view.layout.schema == schema else replace_schema(view, schema)
    return change.then(remove_all_files(view))


def _check_files_fit(view: TableView, schema: StructType) -> None:
    layout = view.layout
    check_rules(view.metadata, layout.schema, given_columns=schema.names, table=view.table)
    problems = [problem for part in schema if (problem := _misfit(part, layout.schema.get(part.name)))]
    if layout.partition_columns:
        problems.append("the table is partitioned, and the files don't say by which values")
    if layout.is_mapped:
        problems.append("the table maps its columns to other names, which the files don't have")
    missing = [part.name for part in layout.schema if not part.nullable and part.name not in schema.names]
    problems += [f"the column {name!r} is missing, and must not be null" for name in missing]
    if problems:
        raise IncompatibleRowsError(table=view.table, problems=problems)


def _misfit(part: StructField, own: StructField | None) -> str | None:
    if own is None or own.name != part.name:
        return f"the column {part.name!r} is unknown"
    found, expected = arrow_type(part.data_type), arrow_type(own.data_type)
    if found != expected:
        return f"the column {part.name!r} is {found} in the files, and {expected} in the table"
    if part.nullable and not own.nullable:
        return f"the column {part.name!r} may be null in the files, and must not be null in the table"
    return None


def _described(view: TableView, keys: Iterable[str]) -> list[WrittenFile]:
    written: list[WrittenFile] = []
    with deleted_on_failure(view.storage) as taken:
        for key in keys:
            taken.append(key)
            file = _description(view, key)
            if file.rows:
                written.append(file)
            else:
                view.storage.delete(key)
    return written


def _description(view: TableView, key: str) -> WrittenFile:
    try:
        return described(view.storage, key, indexed=view.layout.indexed)
    except pa.ArrowException as error:
        problems = [f"{key!r} is not a Parquet file that can be read: {error}"]
        raise IncompatibleRowsError(table=view.table, problems=problems) from error
