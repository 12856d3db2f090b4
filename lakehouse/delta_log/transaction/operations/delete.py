"""Remove the rows that meet a predicate. A file that also holds other rows is written again with these alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import canonical_path
from lakehouse.delta_log.errors import UnenforceableRuleError
from lakehouse.delta_log.replay import STRING_MAP
from lakehouse.delta_log.scan import Predicate, Scan, bound_to, may_match
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import ReadPredicate, ReadSet
from lakehouse.delta_log.transaction.operations.data_writing import deleted_on_failure, write_rows
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["delete"]

_NEEDS_MORE_THAN_NEW_FILES = {
    "delta.enableChangeDataFeed": "has a change data feed, which wants each deleted row written down",
    "delta.enableRowTracking": "has row tracking, and rows that move to another file must keep their ids",
}


def delete(view: TableView, predicate: Predicate) -> Change:
    """Remove the rows for which the predicate is true; where it is unknown, they stay.

    Raises NoTableYetError, NoSuchColumnError, InvalidPredicateError, and UnenforceableRuleError where a file
    can't be divided.
    """
    view.require_table("delete rows")
    snapshot = view.snapshot
    bound = bound_to(predicate, snapshot.struct, table=view.table)
    scan = snapshot.plan(predicate)
    opened = frozenset(map(canonical_path, scan.files.column("path").to_pylist()))
    change = Change(
        operation=Operation.of("DELETE", predicate=[str(predicate)]),
        reads=ReadSet(predicates=(_asked(snapshot, predicate),), files=opened),
    )
    with deleted_on_failure(view.storage) as keys:
        for index in range(scan.files.num_rows):
            file = dataclasses.replace(scan, files=scan.files.slice(index, 1))
            part = _without_rows(view, file, bound)
            keys.extend(file.key for file in part.written)
            change = change.then(part)
    return change


def _without_rows(view: TableView, file: Scan, predicate: Predicate) -> Change:
    rows = pa.concat_tables(file.tables(None, None))
    kept = rows.filter(~pc.coalesce(predicate.to_arrow(), pc.scalar(False)))
    if kept.num_rows == rows.num_rows:
        return Change()
    if kept.num_rows:
        _check_rows_may_move(view)
    path: str = file.files.column("path")[0].as_py()
    return Change(actions=view.live_files.tombstones([path])).then(write_rows(view, kept))


def _check_rows_may_move(view: TableView) -> None:
    properties = TableProperties(view.metadata.configuration)
    for name, words in _NEEDS_MORE_THAN_NEW_FILES.items():
        if properties.is_on(name):
            rule = f"it {words}: only whole files can be removed here"
            raise UnenforceableRuleError(table=view.table, rule=rule)


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
