"""Small frames and pieces of work for tables."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from lakehouse.tables import TransactionId

APP = "test"


def transaction(number: int) -> TransactionId:
    return TransactionId(application=APP, number=number)


def numbers(spark: SparkSession, *values: int | None) -> DataFrame:
    """Rows of a number and its text."""
    return spark.createDataFrame([(value, str(value)) for value in values], "n int, text string")
