"""Find a table's rows that have the key of one of some rows, and open only files that can hold one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.tables import (
    IReadableDeltaTable,
    KeyBounds,
    KeyRange,
    TableLog,
    bounds_of_keys,
    hull,
    may_have_key_in,
    narrowed_by_index,
    quoted,
)

__all__ = ["RowsWithKeys"]

_logger = logging.getLogger(__name__)

_FEW_FILES = 8
_FEW_BYTES = 16 << 20
"""A table up to this size is read whole: to look at the keys first would take as long."""
_FEW_ROWS = 100_000
"""The keys of so many rows are sent to all who read the table's files."""


class RowsWithKeys:
    """Reads one table by keys: by the bounds in its log, and by an index where these tell nothing."""

    def __init__(self, log: TableLog, table: IReadableDeltaTable, *, name: str) -> None:
        self._log = log
        self._table = table
        self._name = name

    def are_few(self, *, version: int) -> bool:
        """Say whether the table is read whole as soon."""
        totals = self._log.at(version).totals
        return totals.file_count <= _FEW_FILES and totals.size_bytes <= _FEW_BYTES

    def among(
        self,
        rows: DataFrame,
        columns: Sequence[str],
        *,
        version: int,
        look_back: LookBack | None = None,
        counter: RowCounter | None = None,
    ) -> DataFrame | None:
        """Return the table's rows with the key of one of ``rows``, and maybe more; None where there are none.

        ``rows`` are looked at twice, so that they are kept or cost little. ``counter`` is told how many rows have
        keys that ``look_back`` keeps out of sight.
        """
        snapshot, schema = self._log.at(version), self._log.schema(version=version)
        ranged = columns if look_back is None else list(dict.fromkeys([*columns, look_back.column]))
        separation = snapshot.separation([name for name in ranged if name in schema.names])
        bounds = bounds_of_keys(rows, ranged, held=schema, separation=separation)
        sought = bounds.groups
        if look_back is not None:
            sought = [_within(look_back, group, columns) for group in sought]
            label = f"not compared with rows of {self._name} beyond {look_back.text}"
            if counter is not None:
                counter.note(label, _rows_beyond(snapshot, look_back, bounds, columns))
        files = self._log.candidates(version=version, where=may_have_key_in(sought))
        if files is None:
            held = self._table.read(version=version, where=may_have_key_in(hull(sought)))
        else:
            files = narrowed_by_index(
                files,
                keys=rows,
                key_count=bounds.row_count,
                columns=columns,
                table=self._table,
                version=version,
                held=schema,
            )
            total = snapshot.totals.file_count
            _logger.info("%s: %d files of %d are compared with", self._name, len(files.paths), total)
            if not files.paths:
                return None
            held = self._table.read_files(files, version=version)
        return _with_key_among(held, rows, columns) if bounds.row_count <= _FEW_ROWS else held


def _within(
    look_back: LookBack, group: Mapping[str, KeyRange], columns: Sequence[str]
) -> Mapping[str, KeyRange]:
    """Return where rows of the table lie that a group's rows are compared with."""
    if look_back.column in columns or look_back.column not in group:
        return group
    reached = look_back.around(group[look_back.column])
    others = {name: each for name, each in group.items() if name != look_back.column}
    return others if reached is None else {**others, look_back.column: reached}


def _rows_beyond(snapshot: Snapshot, look_back: LookBack, bounds: KeyBounds, columns: Sequence[str]) -> int:
    """Return how many rows are in groups a key of which the log doesn't rule out for a row out of their reach."""
    if look_back.column in columns:
        return 0  # rows of the same key have the same time
    count = 0
    for group, rows in zip(bounds.groups, bounds.row_counts, strict=True):
        keys = {name: each for name, each in group.items() if name in columns}
        where = may_have_key_in([keys])
        if look_back.column in group:
            where = where & look_back.beyond(group[look_back.column])
        count += rows if snapshot.files(where).num_rows else 0
    return count


def _with_key_among(held: DataFrame, keys: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the held rows that have one of the keys: few enough that the held rows needn't be sorted or sent."""
    names = {name: f"__lakehouse_key_{number}" for number, name in enumerate(columns)}
    wanted = keys.select(*(F.col(quoted(name)).alias(alias) for name, alias in names.items()))
    alike = F.lit(True)
    for name, alias in names.items():
        alike = alike & held[quoted(name)].eqNullSafe(wanted[alias])
    return held.join(F.broadcast(wanted), alike, "left_semi")
