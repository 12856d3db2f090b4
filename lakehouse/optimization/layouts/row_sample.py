"""A sample of rows by value, that must be found again, each as often as it was."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log import IsIn, Predicate, Snapshot, col
from lakehouse.optimization.errors import RowsNotKeptError

__all__ = ["RowSample", "sample_of"]

_VALUES = 16
_MOST_ROWS = 20_000
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSample:
    """All rows that have one of some values in a column."""

    table: str
    predicate: Predicate | None
    """None where no column can be asked for by value: then only numbers of rows are compared."""
    rows: Counter[str] = field(hash=False)
    paths: frozenset[str] = frozenset()
    """The files that must hold them now."""

    def check(self, snapshot: Snapshot) -> None:
        """Raise RowsNotKeptError unless a reader of ``snapshot`` finds just these rows in the files.

        It opens the files that the statistics show to it: wrong ones are found out too.
        """
        if self.predicate is None:
            return
        scan = snapshot.plan(self.predicate)
        there = pc.is_in(scan.files.column("path"), pa.array(self.paths, pa.string()))
        chosen = dataclasses.replace(scan, files=scan.files.filter(there))
        found = _counted(pa.concat_tables(chosen.tables(None, self.predicate)))
        if found != self.rows:
            wrong = sum(((found - self.rows) + (self.rows - found)).values())
            reason = (
                f"of {self.rows.total()} rows where {self.predicate}, {wrong} are missing, new or different"
            )
            raise RowsNotKeptError(table=self.table, reason=reason)


def sample_of(rows: pa.Table, *, table: str, seed: int | None = None) -> RowSample:
    """Return the rows of a few values, drawn at random from the column that tells rows apart best."""
    random = np.random.default_rng(seed)
    count = min(rows.num_rows, _LOOKED_AT)
    drawn = rows.take(random.integers(0, rows.num_rows, count)) if count else rows
    column = _telling(drawn)
    if column is None:
        return RowSample(table=table, predicate=None, rows=Counter())
    values = pc.unique(drawn.column(column).drop_null()).slice(0, _VALUES)
    found = rows.filter(pc.is_in(rows.column(column), values))
    if found.num_rows > _MOST_ROWS:
        values = values.slice(0, 1)
        found = rows.filter(pc.equal(rows.column(column), values[0]))
    if found.num_rows > _MOST_ROWS:
        return RowSample(table=table, predicate=None, rows=Counter())
    predicate = IsIn((column,), tuple(values.to_pylist())) if len(values) > 1 else col(column) == values[0]
    return RowSample(table=table, predicate=predicate, rows=_counted(found))


def _telling(rows: pa.Table) -> str | None:
    """Return the column with the most values among those that conditions are made on without doubt."""
    counts = {
        name: pc.count_distinct(rows.column(name)).as_py()
        for name, kind in zip(rows.column_names, rows.schema.types, strict=True)
        if pa.types.is_integer(kind) or pa.types.is_string(kind)
    }
    best = max(counts, key=lambda name: counts[name], default=None)
    return best if best is not None and counts[best] > 0 else None


def _counted(rows: pa.Table) -> Counter[str]:
    # Dates and moments may lie beyond Python's own.
    for number, (name, kind) in enumerate(zip(rows.column_names, rows.schema.types, strict=True)):
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            counted = rows.column(number).cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
            rows = rows.set_column(number, name, counted)
    return Counter(map(repr, rows.to_pylist()))
