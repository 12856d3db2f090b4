"""Tables without versions, such as Parquet files that a catalog knows: read whole, as they stand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.ingestion.catalog_tables.interface import CatalogTable
from lakehouse.ingestion.catalog_tables.names import quoted_name
from lakehouse.words import word

__all__ = ["PlainTable"]


@word("parquet")
@dataclass(frozen=True, slots=True)
class PlainTable(CatalogTable):
    """A table by its name in the catalog."""

    has_versions: ClassVar[bool] = False

    def version(self) -> str:
        # Nothing tells whether there are other rows: each look is a version of its own.
        return dt.datetime.now(dt.UTC).isoformat()

    def schema(self) -> StructType:
        return self._rows.schema

    def rows(self, version: str) -> DataFrame:
        return self._rows

    @property
    def _rows(self) -> DataFrame:
        name = quoted_name(self.name)
        self.spark.catalog.refreshTable(name)  # Spark remembers a table's files
        return self.spark.table(name)
