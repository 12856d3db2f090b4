"""Remove the rows that meet a predicate. A file that also holds other rows is written again with these alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import canonical_path
from lakehouse.delta_log.errors import UnenforceableRuleError
from lakehouse.delta_log.replay import STRING_MAP
from lakehouse.delta_log.scan import (
    And,
    Comparison,
    IsIn,
    IsNull,
    Not,
    Or,
    Predicate,
    Scan,
    bound_to,
    find_column,
    may_match,
)
from lakehouse.delta_log.schema import PrimitiveType
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.conflicts import ReadPredicate, ReadSet
from lakehouse.delta_log.transaction.operations.data_writing import deleted_on_failure, write_rows
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["delete"]

_WITH_NAN = (PrimitiveType("float"), PrimitiveType("double"))
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
    whole = _files_that_go_whole(snapshot, predicate)
    with deleted_on_failure(view.storage) as keys:
        for index, path in enumerate(scan.files.column("path").to_pylist()):
            if path in whole:
                change = change.then(Change(actions=view.live_files.tombstones([path])))
                continue
            file = dataclasses.replace(scan, files=scan.files.slice(index, 1))
            part = _without_rows(view, file, bound)
            keys.extend(file.key for file in part.written)
            change = change.then(part)
    return change


def _files_that_go_whole(snapshot: Snapshot, predicate: Predicate) -> frozenset[str]:
    """Return the files of which the log tells that every row meets the predicate: nobody opens them."""
    if not _is_told_by_bounds(predicate, snapshot):
        return frozenset()
    rest = Or((Not(predicate), *(IsNull(path) for path in sorted(predicate.columns))))
    others = set(snapshot.plan(rest).files.column("path").to_pylist())
    return frozenset(snapshot.files().column("path").to_pylist()) - others


def _is_told_by_bounds(predicate: Predicate, snapshot: Snapshot) -> bool:
    """Say whether the predicate is true or false for all values but NULL, and bounds show all of them."""
    match predicate:
        case And(parts) | Or(parts):
            return all(_is_told_by_bounds(part, snapshot) for part in parts)
        case Not(part):
            return _is_told_by_bounds(part, snapshot)
        case Comparison(path, _, value):
            return value is not None and _has_no_nan(path, snapshot)
        case IsIn(path, values):
            return None not in values and _has_no_nan(path, snapshot)
        case IsNull():
            return True
    return False


def _has_no_nan(path: Sequence[str], snapshot: Snapshot) -> bool:
    fields = find_column(snapshot.struct, tuple(path))
    return fields is not None and len(fields) > 0 and fields[-1].data_type not in _WITH_NAN


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
