"""Answers a query by a Spark session, in which the tables that it names have these names."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.cli.sessions import open_session
from lakehouse.pipelines import Warehouse, register_tables
from lakehouse.queries import tables_named
from lakehouse.settings import Settings
from lakehouse.storage import with_spark_access
from lakehouse.tables import answer

__all__ = ["answer_of"]


def answer_of(text: str, settings: Settings) -> pa.RecordBatchReader:
    """Return the rows of the query. Raises SparkQueryError."""
    warehouse = Warehouse.at(settings.warehouse)
    tables = tables_named(text, settings.warehouse)
    expected_bytes = sum(snapshot.totals.size_bytes for snapshot in tables.values())
    spark = open_session(with_spark_access(settings), "lakehouse sql", expected_bytes=expected_bytes)
    register_tables(spark, warehouse, catalog=settings.catalog, only=list(tables))
    return answer(spark, text)
