"""A merge by files: those that hold a row which a new one meets are written again, with the new rows; no other is."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta_log import Predicate, target_file_bytes
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import MergePlan
from lakehouse.tables.key_bounds import bounds_of_keys
from lakehouse.tables.key_ranges import may_have_key_in
from lakehouse.tables.log import TableLog
from lakehouse.tables.reader import TableReader
from lakehouse.tables.rewritten_rows import matching_keys
from lakehouse.tables.session_cores import parallelism
from lakehouse.tables.touched_files import FEW_ROWS

__all__ = ["FileMerge", "RewrittenFiles"]

_FILE = "__lakehouse_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenFiles:
    """What a merge makes of one version of a table."""

    removed: tuple[str, ...]
    """Data files below the table's folder, which hold rows that are updated or deleted."""
    rows: DataFrame
    """What takes their place: their other rows, and the new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMerge:
    """Works on a table whose files are plain Parquet, all on one level."""

    spark: SparkSession
    log: TableLog
    reader: TableReader

    def of(self, rows: DataFrame, plan: MergePlan, *, version: int) -> RewrittenFiles | None:
        """Return what the rows make of the table at ``version``; None where its files alone don't tell.

        ``rows`` are looked at several times, and have each key once.
        """
        schema = self.log.schema(version=version)
        separation = self.log.at(version).separation(list(plan.keys))
        bounds = bounds_of_keys(rows, plan.keys, held=schema, separation=separation)
        few = bounds.row_count <= FEW_ROWS
        touched = self._touched(rows, plan, may_have_key_in(bounds.groups), version=version, few=few)
        if touched is None:
            return None
        new = rows if plan.removed is None else rows.where(~F.col(quoted(plan.removed)))
        columns = [F.col(quoted(name)) for name in schema.names]
        if not touched.paths:
            return RewrittenFiles(removed=(), rows=new.select(*columns))
        rest = self.reader.parquet(touched.paths, schema)
        rest = rest.join(*_keys_of(rows, plan, few=few), "left_anti")
        together = rest.select(*columns).union(new.select(*columns))
        return RewrittenFiles(
            removed=touched.names, rows=self._in_files(together, touched.size_bytes, version)
        )

    def _touched(
        self, rows: DataFrame, plan: MergePlan, where: Predicate, *, version: int, few: bool
    ) -> _Touched | None:
        """Return the files that hold a row which one of ``rows`` meets."""
        files = self.log.candidates(version=version, where=where)
        if files is None:
            return None
        by_name = {path.rpartition("/")[2]: place for place, path in enumerate(files.paths)}
        in_folder = all(path.rpartition("/")[0] == self.log.path for path in files.paths)
        if len(by_name) != len(files.paths) or not in_folder:
            return None
        if not files.paths:
            return _Touched(names=(), paths=(), size_bytes=0)
        schema = self.log.schema(version=version)
        held = self.reader.parquet(files.paths, schema)
        held = held.select(*(quoted(key) for key in plan.keys), F.col("_metadata.file_name").alias(_FILE))
        found = held.join(*_keys_of(rows, plan, few=few), "left_semi").select(_FILE).distinct()
        names = sorted(row[0] for row in found.collect())
        if any(name not in by_name for name in names):
            return None
        places = [by_name[name] for name in names]
        return _Touched(
            names=tuple(names),
            paths=tuple(files.paths[place] for place in places),
            size_bytes=sum(files.sizes[place] for place in places),
        )

    def _in_files(self, rows: DataFrame, size_bytes: int, version: int) -> DataFrame:
        """Return the rows in parts of a useful size, but not fewer than there are cores to write larger ones."""
        target = target_file_bytes(self.log.size_bytes(version=version))
        parts = -(-max(size_bytes, 1) // target)
        return rows.coalesce(parts if parts == 1 else max(parts, parallelism(self.spark) or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touched:
    names: tuple[str, ...]
    paths: tuple[str, ...]
    size_bytes: int


def _keys_of(rows: DataFrame, plan: MergePlan, *, few: bool) -> tuple[DataFrame, Column]:
    keys, alike = matching_keys(rows, plan.keys)
    return F.broadcast(keys) if few else keys, alike
