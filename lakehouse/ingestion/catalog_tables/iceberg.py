"""Iceberg tables, by the names in a catalog of theirs or by folders; a version is a snapshot.

The session must have Iceberg's runtime for its version of Spark, and the catalog's configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.ingestion.catalog_tables.interface import CatalogTable
from lakehouse.ingestion.catalog_tables.names import is_path, quoted_name
from lakehouse.words import word

__all__ = ["IcebergSnapshot", "IcebergTable", "why_not_appended"]

_ADDING = frozenset({"append", "replace"})
"""What only adds rows (Iceberg spec, "Snapshots"): ``replace`` writes the same rows into other files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IcebergSnapshot:
    """One line of a table's history."""

    number: int
    parent: int | None
    operation: str


@word("iceberg")
@dataclass(frozen=True, slots=True)
class IcebergTable(CatalogTable):
    """A table by its name in the catalog, or by its folder."""

    takes_paths: ClassVar[bool] = True

    def version(self) -> str | None:
        main = self._metadata("refs").where("name = 'main'").select("snapshot_id").collect()
        return str(main[0]["snapshot_id"]) if main else None

    def schema(self) -> StructType:
        return self._loaded({}).schema

    def rows(self, version: str) -> DataFrame:
        return self._loaded({"snapshot-id": version})

    def added(self, *, after: str, through: str) -> DataFrame:
        return self._loaded({"start-snapshot-id": after, "end-snapshot-id": through})

    def why_not_appended(self, *, after: str, through: str) -> str | None:
        found = self._metadata("snapshots").select("snapshot_id", "parent_id", "operation").collect()
        snapshots = [
            IcebergSnapshot(number=row["snapshot_id"], parent=row["parent_id"], operation=row["operation"])
            for row in found
        ]
        return why_not_appended(snapshots, after=int(after), through=int(through))

    def _metadata(self, table: str) -> DataFrame:
        if is_path(self.name):
            return self.spark.read.format("iceberg").load(f"{self.name}#{table}")
        return self.spark.table(f"{quoted_name(self.name)}.{table}")

    def _loaded(self, options: Mapping[str, str]) -> DataFrame:
        reader = self.spark.read.format("iceberg").options(**options)
        return reader.load(self.name if is_path(self.name) else quoted_name(self.name))


def why_not_appended(snapshots: Iterable[IcebergSnapshot], *, after: int, through: int) -> str | None:
    """Return what the snapshots behind ``after``, up to ``through``, did beside adding rows; None for nothing else."""
    known = {each.number: each for each in snapshots}
    at: int | None = through
    while at != after:
        snapshot = known.get(at) if at is not None else None
        if snapshot is None:
            return f"the snapshot {after} is none of those that led to {through}"
        if snapshot.operation not in _ADDING:
            return f"the snapshot {snapshot.number} is the outcome of {snapshot.operation!r}"
        at = snapshot.parent
    return None
