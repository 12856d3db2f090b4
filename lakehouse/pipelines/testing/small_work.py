"""A few rows in Spark: computed in one job, and then kept by the driver, so that looking at them starts none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

__all__ = ["held_by_driver", "small_work"]

_SMALL: Mapping[str, str] = {
    "spark.sql.adaptive.enabled": "false",  # it makes a job of each shuffle
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than a few rows do
}


@contextmanager
def small_work(spark: SparkSession) -> Iterator[None]:
    """Plan what is done meanwhile for a few rows; afterwards the session is as it was."""
    before: dict[str, str | None] = {name: spark.conf.get(name, None) for name in _SMALL}
    try:
        for name, value in _SMALL.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, earlier)


def held_by_driver(frame: DataFrame) -> DataFrame:
    """Return the rows, computed once, as a relation that the driver holds; of types that Arrow lacks a cached frame."""
    try:
        rows = frame.toArrow()
        if not rows.num_rows:
            return frame.limit(0)  # known to be empty, so that nothing is computed again
        return frame.sparkSession.createDataFrame(rows, schema=frame.schema)
    except PySparkException as error:
        if (error.getCondition() or "").startswith("UNSUPPORTED_DATA_TYPE"):
            return frame.persist()
        raise
