"""Whether a session can read and write Delta by itself."""

from __future__ import annotations

from pyspark.sql import SparkSession

__all__ = ["has_delta"]

_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"


def has_delta(spark: SparkSession) -> bool:
    """Say whether the session was started with Delta's extension, and so with its jars."""
    return _EXTENSION in (spark.conf.get("spark.sql.extensions", "") or "")
