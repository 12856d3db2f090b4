"""The claim: where columns come from is known for a fraction of the check that it is read from.

    python benchmarks/column_lineage.py

Definitions are checked and their lineage read, in turn, medians of 5 rounds: two tables of 50 columns behind a third
one, and the retail pipeline. The bound: 0.3 s a table of 50 columns.
"""

from __future__ import annotations

import statistics
import time

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
ROUNDS = 5


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
    checks, lineages = [], []
    filled = definition.with_variables({})
    for _ in range(ROUNDS):
        began = time.perf_counter()
        resolution = resolve(filled, spark)
        resolution.check()
        checked = time.perf_counter()
        lineage_of(resolution, spark)
        checks.append(checked - began)
        lineages.append(time.perf_counter() - checked)
    check, lineage = statistics.median(checks), statistics.median(lineages)
    tables = len(definition.tables)
    print(
        f"{definition.name}: check {check:.2f} s, lineage {lineage:.2f} s = {lineage / tables:.3f} s a table, "
        f"{lineage / check:.0%} of the check"
    )


def main() -> None:
    spark = SparkSessionFactory.local().create("column lineage")
    measure(spark, wide())
    measure(spark, load_definition("retail"))


if __name__ == "__main__":
    main()
