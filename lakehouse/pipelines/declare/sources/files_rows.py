"""Rows by the file that they come from: the condition that finds them, and a row for each file that gives none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.ingestion import spark_file_path

__all__ = ["SOURCE_FILE", "rejected_rows", "rows_of_files"]

SOURCE_FILE = "_source_file"
"""The column that names the file of a row."""


def rows_of_files(paths: Iterable[str]) -> str:
    """Return the condition that the rows of these files meet, as SQL."""
    names = sorted({name for path in paths for name in (path, spark_file_path(path))})
    return f"{SOURCE_FILE} IN ({', '.join(map(_literal, names))})"


def rejected_rows(
    spark: SparkSession, reasons: Mapping[str, str], schema: StructType, *, ingested_at: dt.datetime
) -> DataFrame:
    """Return a row of NULLs for each file that is set aside (path to reason), as a quarantine has them."""
    known = {"_ingested_at": F.lit(ingested_at)}
    files = spark.createDataFrame(sorted(reasons.items()), f"{SOURCE_FILE} string, _reason string")
    columns = [
        F.col(SOURCE_FILE)
        if field.name == SOURCE_FILE
        else known.get(field.name, F.lit(None)).cast(field.dataType).alias(field.name)
        for field in schema.fields
    ]
    error = F.struct(F.lit("readable_file").alias("rule"), F.col("_reason").alias("message"))
    return files.select(*columns, F.array(error).alias("_errors"))


def _literal(text: str) -> str:
    """Return a text as Spark's SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
