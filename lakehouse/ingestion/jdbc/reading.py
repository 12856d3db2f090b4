"""Rows of a database read by Spark's tasks; and where an incremental reading stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from lakehouse.ingestion.errors import DatabaseError, DatabaseSchemaError
from lakehouse.ingestion.formats.records import column_types
from lakehouse.ingestion.jdbc.declaration import RESCUE_PREFIX, JdbcTable
from lakehouse.ingestion.rest.access.secret import Secret
from lakehouse.ingestion.unlogged import unlogged
from lakehouse.tables import SPARK_ERRORS, quoted, root_cause

__all__ = ["JdbcInputs", "JdbcReader", "jdbc_schema"]


class JdbcInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What one batch reads: rows with a cursor above ``after`` and at most ``through``."""

    after: str | None = None
    """Without the overlap; None: from the first row on."""
    lower_end: str | None = None
    """With the overlap."""
    through: str | None = None
    """None: all rows."""
    without_cursor: int = 0
    """Rows whose cursor is NULL: an incremental reading never takes them."""
    read_at: str = ""
    """ISO 8601, where all rows are read."""

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> JdbcInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def jdbc_schema(table: JdbcTable) -> StructType:
    """Return the schema of the rows: the declared columns, ``_ingested_at`` and ``_rescued_data``."""
    own = [StructField(name, from_arrow_type(held)) for name, held in column_types(table.columns).items()]
    return StructType(
        [*own, StructField("_ingested_at", TimestampType()), StructField("_rescued_data", StringType())]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JdbcReader:
    """Asks a database, through a session that is opened when it is needed.

    The credentials are read for each question, and given to the connection alone. Raises DatabaseError,
    DatabaseSchemaError, MissingSecretError.
    """

    table: JdbcTable
    open_session: Callable[[], SparkSession]

    def next(self, last: JdbcInputs | None, now: dt.datetime) -> JdbcInputs | None:
        """Return what the next batch reads; None when no row has a higher cursor than the last batch."""
        if not self.table.cursor:
            return JdbcInputs(read_at=now.isoformat())
        after = last.through if last is not None else None
        row = self._only(self.table.bounds_query(after=after))
        if row["highest"] is None or row["highest"] == after:
            return None
        return JdbcInputs(
            after=after,
            lower_end=row["lower_end"],
            through=row["highest"],
            without_cursor=int(row["without"] or 0),
        )

    def rows(self, inputs: JdbcInputs, *, ingested_at: dt.datetime) -> DataFrame:
        """Return the rows of a batch in the columns of ``jdbc_schema``."""
        query = self.table.rows_query(after=inputs.lower_end, through=inputs.through)
        found = self._frame(query, **self._partitioning(query))
        self._check(found.schema)
        rescues = [
            F.col(quoted(name)).alias(name.removeprefix(RESCUE_PREFIX))
            for name in found.columns
            if name not in dict(self.table.columns)
        ]
        nothing = F.lit(None).cast("string")
        rescued = F.nullif(F.to_json(F.struct(*rescues)), F.lit("{}")) if rescues else nothing
        return found.select(
            *(F.col(quoted(name)) for name, _ in self.table.columns),
            F.lit(ingested_at).cast("timestamp").alias("_ingested_at"),
            rescued.alias("_rescued_data"),
        )

    def _partitioning(self, query: str) -> dict[str, str]:
        if not self.table.partition_on:
            return {}
        row = self._only(self.table.range_query(query))
        if row["least"] is None or row["least"] == row["greatest"]:
            return {}
        return {
            "partitionColumn": f'"{self.table.partition_on}"',
            "lowerBound": str(row["least"]),
            "upperBound": str(row["greatest"]),
            "numPartitions": str(self.table.partitions),
        }

    def _check(self, found: StructType) -> None:
        types = {field.name: field.dataType.simpleString() for field in found.fields}
        expected = {field.name: field.dataType.simpleString() for field in jdbc_schema(self.table).fields}
        wrong = {
            name: (types[name], expected[name])
            for name, _ in self.table.columns
            if types.get(name) != expected[name]
        }
        if wrong:
            raise DatabaseSchemaError(table=self.table.label, wrong=wrong)

    def _only(self, query: str) -> Mapping[str, Any]:
        try:
            return self._frame(query).collect()[0].asDict()
        except SPARK_ERRORS as error:
            raise self._failed(error) from None

    def _frame(self, query: str, **options: str) -> DataFrame:
        reader = self.open_session().read.format("jdbc").option("url", self.table.url)
        reader = reader.option("dbtable", f"({query}) AS _asked").option("preferTimestampNTZ", "true")
        reader = reader.option("fetchsize", str(self.table.fetch_rows)).options(**options)
        if driver := self.table.driver_class:
            reader = reader.option("driver", driver)
        with unlogged():
            for name, source in (("user", self.table.user), ("password", self.table.password)):
                if source:
                    reader = reader.option(name, Secret(source).reveal())
        try:
            return reader.load()
        except SPARK_ERRORS as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> DatabaseError:
        """Return the error without what the credentials are."""
        first = root_cause(error)
        for source in (self.table.user, self.table.password):
            if source:
                first = first.replace(Secret(source).reveal(), "***")
        return DatabaseError(table=self.table.label, url=self.table.url, reason=first)
