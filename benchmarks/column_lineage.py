"""The claim: where the columns of a table come from is known at once.

    python benchmarks/column_lineage.py

Lineage is read of two tables of 50 columns behind a third one, and of the retail pipeline, in a session that has just
begun, and again: medians of ten rounds after five. The bound, on a machine that does nothing else: 0.3 s a table of
50 columns.
"""

from __future__ import annotations

import statistics
import time

from growth.processor import cpu_seconds
from pyspark.sql import DataFrame, SparkSession

from lakehouse.cli.definitions import load_definition
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    from_rows,
    lineage_of,
    read,
    resolve,
)
from lakehouse.spark_session import SparkSessionFactory

COLUMNS = 50
ROUNDS, WARM = 15, 5


def wide() -> PipelineDefinition:
    """Return a table of 50 columns that are cast, joined by pairs, and summed by group."""

    def pairs(frame: DataFrame) -> DataFrame:
        made = [f"c{at} + c{(at + 1) % COLUMNS} AS d{at}" for at in range(COLUMNS)]
        return frame.selectExpr("c0", *made)

    columns = {f"c{at}": "string" for at in range(COLUMNS)}
    measures = {f"m{at}": f"sum(d{at})" for at in range(COLUMNS)}
    cast = read("raw").cast(dict.fromkeys(columns, "int"))
    return (
        DeclarativePipelineBuilder("wide")
        .bronze("raw", from_rows([], columns=columns).replace())
        .silver("pairs", cast.transform(pairs).where("d1 > 0").replace())
        .gold("sums", read("pairs").aggregate(by="c0", **measures).replace())
        .build()
    )


def measure(spark: SparkSession, definition: PipelineDefinition) -> None:
    resolution = resolve(definition.with_variables({}), spark)
    resolution.check()
    took, used = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), cpu_seconds()
        lineage_of(resolution, spark)
        took.append(time.perf_counter() - began)
        used.append(cpu_seconds() - before)
    tables = len(definition.tables)
    first, later = took[0] / tables, statistics.median(took[WARM:]) / tables
    print(
        f"{definition.name}, {tables} tables: {first:.2f} s a table when asked first, {later:.2f} s later "
        f"({statistics.median(used[WARM:]) / tables:.2f} s of CPU)"
    )


def main() -> None:
    spark = SparkSessionFactory.local().create("column lineage")
    measure(spark, wide())
    measure(spark, load_definition("retail"))


if __name__ == "__main__":
    main()
