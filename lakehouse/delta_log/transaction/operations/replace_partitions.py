"""Replace the partitions that the new rows are in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

import pyarrow as pa

from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.transaction.change import Change
from lakehouse.delta_log.transaction.conflicts import ReadPredicate, ReadSet
from lakehouse.delta_log.transaction.operations.data_writing import (
    deleted_on_failure,
    write_operation,
    write_rows,
)
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["replace_partitions"]

_Partition: TypeAlias = frozenset[tuple[str, str | None]]


def replace_partitions(view: TableView, rows: pa.Table) -> Change:
    """Write the rows, and remove the files of the partitions that they are in. Raises IncompatibleRowsError."""
    if not view.exists or not view.metadata.partition_columns:
        problems = ["a table without partition columns has no partitions to replace: use overwrite()"]
        raise IncompatibleRowsError(table=view.table, problems=problems)
    with deleted_on_failure(view.storage) as keys:
        change = write_rows(view, rows)
        keys.extend(file.key for file in change.written)
        removal = _removal(view, {_partition(file.add.partition_values) for file in change.written})
    operation = write_operation(view, "Overwrite", partitionOverwriteMode="dynamic")
    return change.then(removal).called(operation)


def _removal(view: TableView, replaced: Collection[_Partition]) -> Change:
    files = view.live_files
    gone = [path for path in files.paths() if _partition(files.partition_values(path)) in replaced]
    text = " or ".join(sorted(" and ".join(f"{name} = {value!r}" for name, value in key) for key in replaced))
    predicate = ReadPredicate(text=text, may_match=lambda values: _partition(values) in replaced)
    return Change(
        actions=files.tombstones(gone), reads=ReadSet(predicates=(predicate,), files=frozenset(gone))
    )


def _partition(values: Mapping[str, str | None]) -> _Partition:
    # "" is null (Delta PROTOCOL, "Partition Value Serialization").
    return frozenset((name, value or None) for name, value in values.items())
