"""Changes of the rows that meet a predicate: whole files go; files that hold other rows too are written anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.data_files import conformed
from lakehouse.delta_log.errors import UnenforceableRuleError, WrongReplacementError
from lakehouse.delta_log.replay import STRING_MAP
from lakehouse.delta_log.scan import Predicate, may_match
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.conflicts import ReadPredicate
from lakehouse.delta_log.transaction.operations import row_changes, table_changes

if TYPE_CHECKING:
    from lakehouse.delta_log.transaction.transaction import Transaction

__all__ = ["delete", "replace_where"]

_NEEDS_MORE_THAN_NEW_FILES = {
    "delta.enableChangeDataFeed": "has a change data feed, which wants each deleted row written down",
    "delta.enableRowTracking": "has row tracking, and rows that move to another file must keep their ids",
}


def replace_where(transaction: Transaction, predicate: Predicate, rows: pa.Table) -> None:
    """Put rows in the place of those that meet the predicate; raises WrongReplacementError if not all meet it."""
    table_changes.require_table(transaction, "replace rows")
    content = conformed(rows, transaction.layout, table=transaction.table)
    outside = content.num_rows - content.filter(predicate.to_arrow()).num_rows
    if outside:
        raise WrongReplacementError(table=transaction.table, predicate=str(predicate), rows=outside)
    delete(transaction, predicate)
    transaction.operation = "WRITE"
    transaction.operation_parameters = {"mode": "Overwrite", "predicate": _json(str(predicate))}
    row_changes.write_rows(transaction, rows)


def delete(transaction: Transaction, predicate: Predicate) -> None:
    """Remove the rows for which the predicate is true; where it is unknown, they stay."""
    table_changes.require_table(transaction, "delete rows")
    transaction.operation = "DELETE"
    transaction.operation_parameters = {"predicate": _json([str(predicate)])}
    snapshot = transaction.snapshot
    candidates = snapshot.files(predicate)
    transaction.read_rows(_asked(snapshot, predicate), files=candidates.column("path").to_pylist())
    for index in range(candidates.num_rows):
        _delete_from(transaction, snapshot, candidates.slice(index, 1), predicate)


def _delete_from(transaction: Transaction, snapshot: Snapshot, file: pa.Table, predicate: Predicate) -> None:
    plan = dataclasses.replace(snapshot.plan(None), files=file)
    rows = pa.concat_tables(plan.tables(None, None))
    kept = rows.filter(~pc.coalesce(predicate.to_arrow(), pc.scalar(False)))
    if kept.num_rows == rows.num_rows:
        return
    path: str = file.column("path")[0].as_py()
    if kept.num_rows:
        _check_rows_may_move(transaction)
    transaction.remove(path)
    row_changes.write_rows(transaction, kept)


def _check_rows_may_move(transaction: Transaction) -> None:
    properties = TableProperties(transaction.metadata.configuration)
    for name, words in _NEEDS_MORE_THAN_NEW_FILES.items():
        if properties.is_on(name):
            rule = f"it {words}: only whole files can be removed here"
            raise UnenforceableRuleError(table=transaction.table, rule=rule)


def _asked(snapshot: Snapshot, predicate: Predicate) -> ReadPredicate:
    # As delta-spark does it: of a file that another commit adds, only its partition decides.
    def matches(partition_values: Mapping[str, str | None]) -> bool:
        values = pa.array([list(partition_values.items())], STRING_MAP)
        file = pa.Table.from_arrays([values, pa.nulls(1, pa.string())], names=["partitionValues", "stats"])
        found = may_match(
            file,
            predicate,
            snapshot.struct,
            partition_columns=snapshot.partition_columns,
            table=snapshot.table,
        )
        return bool(found[0].as_py())

    return ReadPredicate(text=str(predicate), may_match=matches)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
