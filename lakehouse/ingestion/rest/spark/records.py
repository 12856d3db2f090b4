"""Records as rows: each column by its name in the JSON text, and nothing of a record lost on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructField, StructType, TimestampType

from lakehouse.tables import literal_path

__all__ = ["RECORD_COLUMNS", "failed_requests", "record_schema", "records"]

RECORD_COLUMNS = ("_source_url", "_ingested_at", "_rescued_data")
"""What each row carries beside its own columns."""

MALFORMED_RECORD = "_malformed_record"
_PARSED, _ALL = "_lakehouse_parsed", "_lakehouse_all"
_FILE_SCHEMA = "page int, _source_url string, record string"


def record_schema(columns: StructType | None) -> StructType:
    """Return the schema of rows with these columns; None is one column, ``record``, with the whole text."""
    own = columns.fields if columns is not None else [StructField("record", StringType())]
    return StructType(
        [
            *(StructField(field.name, field.dataType) for field in own),
            StructField("_source_url", StringType()),
            StructField("_ingested_at", TimestampType()),
            StructField("_rescued_data", StringType()),
        ]
    )


def records(
    spark: SparkSession, files: Sequence[str], *, columns: StructType | None, ingested_at: dt.datetime
) -> DataFrame:
    """Return the records of page files as rows of ``record_schema(columns)``.

    ``_rescued_data`` is JSON of the keys that the columns don't cover, and as ``_malformed_record`` the whole
    text of a record that has a value of another type, or is no object: the column of that value is NULL.
    """
    if not files:
        return spark.createDataFrame([], record_schema(columns))
    pages = spark.read.schema(_FILE_SCHEMA).parquet(*map(literal_path, files))
    ingested = F.lit(ingested_at).cast("timestamp").alias("_ingested_at")
    if columns is None:
        nothing = F.lit(None).cast("string").alias("_rescued_data")
        return pages.select("record", "_source_url", ingested, nothing)
    fields = [StructField(field.name, field.dataType) for field in columns.fields]
    wanted = StructType([*fields, StructField(MALFORMED_RECORD, StringType())])
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": MALFORMED_RECORD}
    parsed = pages.select(
        "_source_url",
        F.from_json("record", wanted, options).alias(_PARSED),
        F.from_json("record", "map<string,string>").alias(_ALL),
    )
    own = [F.col(_PARSED).getField(field.name).alias(field.name) for field in fields]
    return parsed.select(*own, "_source_url", ingested, _rescued(columns.names).alias("_rescued_data"))


def _rescued(names: Sequence[str]) -> Column:
    known = F.array(*(F.lit(name) for name in names))
    malformed = F.col(_PARSED).getField(MALFORMED_RECORD)
    others = F.map_filter(_ALL, lambda key, value: ~F.array_contains(known, key) & value.isNotNull())
    others = F.coalesce(others, F.create_map().cast("map<string,string>"))
    whole = F.when(malformed.isNotNull(), F.create_map(F.lit(MALFORMED_RECORD), malformed))
    together = F.map_concat(others, F.coalesce(whole, F.create_map().cast("map<string,string>")))
    return F.nullif(F.to_json(together), F.lit("{}"))


def failed_requests(
    spark: SparkSession, files: Sequence[str], *, schema: StructType, ingested_at: dt.datetime
) -> DataFrame:
    """Return a row for each failed request: the URL, and why in ``_errors``, beside NULL in all other columns."""
    failures = spark.read.parquet(*map(literal_path, files))
    known = {
        "_source_url": F.col("_source_url"),
        "_ingested_at": F.lit(ingested_at).cast("timestamp"),
    }
    columns = [known.get(field.name, _null(field.dataType)).alias(field.name) for field in schema.fields]
    error = F.struct(F.lit("fetched_request").alias("rule"), F.col("reason").alias("message"))
    return failures.select(*columns, "_status", "_attempts", "_payload", F.array(error).alias("_errors"))


def _null(type_: DataType) -> Column:
    return F.lit(None).cast(type_)
