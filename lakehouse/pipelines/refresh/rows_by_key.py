"""Find the rows of a table that have one of some keys, and open only files that can hold one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.tables import (
    IWritableDeltaTable,
    KeyBounds,
    KeyRange,
    TableLog,
    bounds_of_keys,
    hull,
    may_have_key_in,
    narrowed_by_index,
    quoted,
)

__all__ = ["RowsByKey"]

_log = logging.getLogger(__name__)

_FEW_FILES = 8
_FEW_BYTES = 16 << 20
"""A table up to this size is read whole: to look at the keys first would take as long."""
_FEW_ROWS = 100_000
"""The keys of so many rows are sent to all who read the table's files."""

_KEYS_A_FILE = 16
"""So many keys for each file, in no order, meet most files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsByKey:
    """The rows of one version of a table, by columns that tell them apart."""

    log: TableLog
    table: IWritableDeltaTable
    version: int
    name: str

    @property
    def are_few(self) -> bool:
        """Whether the table is read whole as fast as in part."""
        totals = self.log.at(self.version).totals
        return totals.file_count <= _FEW_FILES and totals.size_bytes <= _FEW_BYTES

    def all(self) -> DataFrame:
        """Return every row."""
        return self.table.read(version=self.version)

    def bounds(self, keys: DataFrame, columns: Sequence[str]) -> KeyBounds:
        """Return where the keys of some rows lie, grouped as the table's files are. Looks at the rows once."""
        schema = self.log.schema(version=self.version)
        separation = self.log.at(self.version).separation([each for each in columns if each in schema.names])
        return bounds_of_keys(keys, columns, held=schema, separation=separation)

    def among(
        self,
        keys: DataFrame,
        columns: Sequence[str],
        bounds: KeyBounds,
        *,
        sought: Sequence[Mapping[str, KeyRange]],
        by_index: bool = True,
    ) -> DataFrame | None:
        """Return the rows that have one of the keys and lie where they are sought, and more; None where none do.

        ``by_index``: whether an index may be asked, and made, of the files that hold a key.
        """
        files = self.log.candidates(version=self.version, where=may_have_key_in(sought))
        if files is None:
            held = self.table.read(version=self.version, where=may_have_key_in(hull(sought)))
        else:
            many = bounds.row_count > _KEYS_A_FILE * len(files.paths)
            files = (
                files
                if many and not by_index
                else narrowed_by_index(
                    files,
                    keys=keys,
                    key_count=bounds.row_count,
                    columns=columns,
                    table=self.table,
                    version=self.version,
                    held=self.log.schema(version=self.version),
                )
            )
            total = self.log.at(self.version).totals.file_count
            _log.info("%s: %d files of %d are compared with", self.name, len(files.paths), total)
            if not files.paths:
                return None
            held = self.table.read_files(files, version=self.version)
        return _with_key_among(held, keys, columns) if bounds.row_count <= _FEW_ROWS else held

    def with_key_of(self, keys: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        """Return exactly the rows that have one of the keys; None where the log rules out all of them.

        For rows that are about to be written over: an index of files that keys in plenty are going to replace
        would be made in vain.
        """
        if self.are_few:
            return _with_key_among(self.all(), keys, columns, sent_to_all=False)
        bounds = self.bounds(keys, columns)
        held = self.among(keys, columns, bounds, sought=bounds.groups, by_index=False)
        if held is None or bounds.row_count <= _FEW_ROWS:
            return held
        return _with_key_among(held, keys, columns, sent_to_all=False)


def _with_key_among(
    held: DataFrame, keys: DataFrame, columns: Sequence[str], *, sent_to_all: bool = True
) -> DataFrame:
    """Return the held rows that have one of the keys; where keys are sent to all who read, nothing is sorted."""
    names = {name: f"__lakehouse_key_{number}" for number, name in enumerate(columns)}
    wanted = keys.select(*(F.col(quoted(name)).alias(alias) for name, alias in names.items()))
    alike = F.lit(True)
    for name, alias in names.items():
        alike = alike & held[quoted(name)].eqNullSafe(wanted[alias])
    return held.join(F.broadcast(wanted) if sent_to_all else wanted, alike, "left_semi")
