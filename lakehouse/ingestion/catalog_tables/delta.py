"""Delta tables by their names in a catalog: their logs say which version there is, and what came since."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.ingestion.catalog_tables.interface import CatalogTable
from lakehouse.ingestion.catalog_tables.names import quoted_name
from lakehouse.tables import TableLog, TableReader
from lakehouse.words import word

__all__ = ["DeltaCatalogTable"]


@word("delta")
@dataclass(frozen=True, slots=True)
class DeltaCatalogTable(CatalogTable):
    """A table by its name in the catalog; a version is Delta's number, behind the table's id."""

    def version(self) -> str | None:
        state = TableLog(self._path).state()
        return f"{state.table_id} {state.version}" if state is not None else None

    def schema(self) -> StructType:
        return self.spark.table(quoted_name(self.name)).schema

    def rows(self, version: str) -> DataFrame:
        return self._reader.read(version=_number(version))

    def added(self, *, after: str, through: str) -> DataFrame:
        return self._reader.rows_added(after=_number(after), through=_number(through))

    def why_not_appended(self, *, after: str, through: str) -> str | None:
        if after.partition(" ")[0] != through.partition(" ")[0]:
            return "it was created again"
        return TableLog(self._path).why_not_appended(after=_number(after), through=_number(through))

    @property
    def _reader(self) -> TableReader:
        path = self._path
        return TableReader(self.spark, TableLog(path), path)

    @property
    def _path(self) -> str:
        found = self.spark.sql(f"DESCRIBE DETAIL {quoted_name(self.name)}").select("location").collect()
        location = str(found[0]["location"])
        return location.removeprefix("file:") if location.startswith("file:") else location


def _number(version: str) -> int:
    return int(version.rpartition(" ")[2])
