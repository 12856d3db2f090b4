"""Answers a query in Spark's dialect, which changes nothing."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse.errors import DefinitionError
from lakehouse.tables.errors import SPARK_ERRORS, root_cause

__all__ = ["SparkQueryError", "answer"]


class SparkQueryError(DefinitionError):
    """A query can't be answered as it is written."""

    def __init__(self, *, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the query can't be answered: {reason}.",
            fix="write one query in Spark's SQL, with tables as layer.table: SELECT * FROM gold.daily_revenue.",
        )


def answer(spark: SparkSession, query: str) -> pa.RecordBatchReader:
    """Return the rows of one query, whole in memory. Raises SparkQueryError, also for a statement of any other kind."""
    text = query.strip().removesuffix(";")
    try:
        # As a part of another query it can only be a query: a statement would run at once.
        spark.sql(f"SELECT * FROM (\n{text}\n) LIMIT 0")  # noqa: S608 - it is the caller's own text
        return spark.sql(text).toArrow().to_reader()
    except SPARK_ERRORS as error:
        raise SparkQueryError(reason=root_cause(error).rstrip(".")) from error
