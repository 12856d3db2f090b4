"""Inspected CSV files as one frame of strings, each column found by its name in each file's own header."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from lakehouse.ingestion.formats.interface import Accepted
from lakehouse.tables import literal_path, quoted

__all__ = ["METADATA_COLUMNS", "raw_schema", "read_csv_files"]

METADATA_COLUMNS = ("_source_file", "_ingested_at", "_rescued_data")
"""What each raw row carries beside its own columns."""

_MALFORMED = "__lakehouse_malformed"


def raw_schema(columns: Sequence[str]) -> StructType:
    """Return the schema of what ``read_csv_files`` gives: strings, then the metadata columns."""
    text = [StructField(name, StringType()) for name in (*columns, "_source_file")]
    return StructType(
        [*text, StructField("_ingested_at", TimestampType()), StructField("_rescued_data", StringType())]
    )


def read_csv_files(
    spark: SparkSession,
    files: Mapping[str, Accepted],
    *,
    columns: Sequence[str],
    delimiter: str,
    ingested_at: dt.datetime,
) -> DataFrame:
    """Read the files (path to inspection) into one frame of ``raw_schema(columns)``; nothing is dropped.

    ``_rescued_data`` is JSON of what the columns don't cover: values of further columns by name, and as
    ``_malformed_row`` the whole text of a row with more or fewer fields than its header.
    """
    groups: dict[tuple[tuple[str, ...], bool], list[str]] = defaultdict(list)
    for path, accepted in files.items():
        header, multiline = tuple(accepted.facts["header"]), accepted.facts["multiline"]
        groups[header, multiline].append(literal_path(path))
    if not groups:
        return spark.createDataFrame([], raw_schema(columns))
    frames = [
        _raw_rows(spark, paths, header, multiline, delimiter).select(
            *(F.col(quoted(name)) for name in columns),
            F.col("_metadata.file_path").alias("_source_file"),
            F.lit(ingested_at).cast("timestamp").alias("_ingested_at"),
            _rescued([name for name in header if name not in columns]).alias("_rescued_data"),
        )
        for (header, multiline), paths in groups.items()
    ]
    return reduce(DataFrame.unionByName, frames)


def _raw_rows(
    spark: SparkSession, paths: list[str], header: tuple[str, ...], multiline: bool, delimiter: str
) -> DataFrame:
    fields = [StructField(name, StringType()) for name in (*header, _MALFORMED)]
    reader = spark.read.schema(StructType(fields)).options(
        header=True,
        sep=delimiter,
        quote='"',
        escape='"',  # a quote within quotes is doubled (RFC 4180); Spark's default is a backslash
        multiLine=multiline,
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=_MALFORMED,
        encoding="UTF-8",
    )
    return reader.csv(paths)


def _rescued(extra: Sequence[str]) -> Column:
    kept = [F.col(quoted(name)) for name in extra]
    packed = F.to_json(F.struct(*kept, F.col(_MALFORMED).alias("_malformed_row")))
    return F.nullif(packed, F.lit("{}"))
