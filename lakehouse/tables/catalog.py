"""Give tables names in Spark's catalog: ``spark.table("gold.daily_revenue")``. Their files stay where they are."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.tables.errors import SPARK_ERRORS, CatalogError, TakenNameError, root_cause
from lakehouse.tables.identifiers import quoted

__all__ = ["SparkCatalog"]


class SparkCatalog:
    """The names of one catalog, as tables of others: dropping a name deletes no file. Not for several threads.

    ``catalog`` is the catalog as Spark knows it; Spark's own by default. In a catalog that only this session has,
    a name that leads elsewhere is given to the new table.
    """

    def __init__(
        self, spark: SparkSession, catalog: str = "spark_catalog", *, is_shared: bool = False
    ) -> None:
        self._spark = spark
        self._catalog = catalog
        self._is_shared = is_shared
        self._schemas: set[str] = set()

    def register(self, schema: str, table: str, path: str) -> None:
        """Give the Delta table at ``path`` its name. Raises TakenNameError, CatalogError."""
        name = f"{quoted(self._catalog)}.{quoted(schema)}.{quoted(table)}"
        try:
            self._create_schema(schema)
            held = self._location(name)
            if held is not None and _same_place(held, path):
                return
            if held is not None and self._is_shared:
                raise TakenNameError(name=f"{schema}.{table}", held=held, path=path)
            if held is not None:
                self._spark.sql(f"DROP TABLE {name}")
            location = path.replace("\\", "\\\\").replace("'", "\\'")
            self._spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING delta LOCATION '{location}'")
        except SPARK_ERRORS as error:
            raise CatalogError(
                name=f"{schema}.{table}", catalog=self._catalog, cause=root_cause(error)
            ) from error

    def _create_schema(self, schema: str) -> None:
        if schema not in self._schemas:
            self._spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(self._catalog)}.{quoted(schema)}")
            self._schemas.add(schema)

    def _location(self, name: str) -> str | None:
        """Return where the name leads; None where there is no such name."""
        if not self._spark.catalog.tableExists(name):
            return None
        rows = self._spark.sql(f"DESCRIBE TABLE EXTENDED {name}").where("col_name = 'Location'").collect()
        return str(rows[0]["data_type"]) if rows else ""


def _same_place(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(location: str) -> str:
    """Return a location without what only spells a local folder differently."""
    if location.startswith("file:"):
        return "/" + location.removeprefix("file:").strip("/")
    return location.rstrip("/")
