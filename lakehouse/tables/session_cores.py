"""How much a session can do at once."""

from __future__ import annotations

from pyspark.errors import PySparkAttributeError
from pyspark.sql import SparkSession

__all__ = ["parallelism"]


def parallelism(spark: SparkSession) -> int | None:
    """Return how many tasks the session runs at once; None for a Connect session, which doesn't know."""
    try:
        return spark.sparkContext.defaultParallelism
    except PySparkAttributeError:
        return None
