"""Groups made of parts are those of all rows at once, to the digit, and Spark's functions are told apart."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import StepContext, read
from lakehouse.pipelines.declare.expressions import functions
from lakehouse.pipelines.declare.steps.added_groups import AddedGroups

pytestmark = pytest.mark.spark

DECIMALS = ((1, 0), (4, 4), (10, 3), (18, 3), (18, 6), (22, 2), (22, 7))
MEASURES = {f"d{p}_{s}": f"avg(d{p}_{s})" for p, s in DECIMALS} | {
    f"sum_d{p}_{s}": f"sum(d{p}_{s})" for p, s in DECIMALS
}
MEASURES |= {
    "ints": "avg(n)",
    "texts": "avg(t)",
    "positive": "avg(d18_3) FILTER (WHERE n > 0)",
    "span": "max(n) - min(n)",
    "rate": "round(sum(d18_3) / count(*), 2)",
    "bits": "bit_xor(n) + bit_and(n) + bit_or(n)",
    "flags": "concat(bool_or(n > 0), every(n > 0), some(n > 5), bool_and(n < 9))",
    "counts": "count(*) + count(n) + count(n, t) + count_if(n > 3)",
    "shown": "CASE WHEN 3<count(*)THEN cast(sum(n)AS string)END",
}
CONTEXT: StepContext = None  # type: ignore[assignment]  # no step here reads another table


def rows(spark: SparkSession) -> DataFrame:
    """Rows of 300 groups with values of every sign, size and rounding."""
    chance = random.Random(7)
    made = []
    for group in range(300):
        for _ in range(chance.choice((1, 2, 3, 7, 30))):
            numbers = [
                None
                if chance.random() < 0.1
                else Decimal(
                    chance.randint(-(10 ** chance.randint(0, p)) + 1, 10 ** chance.randint(0, p) - 1)
                ).scaleb(-s)
                for p, s in DECIMALS
            ]
            n = None if chance.random() < 0.1 else chance.randint(-9, 9)
            made.append(
                (
                    group if group % 50 else None,
                    chance.randint(0, 3),
                    n,
                    None if n is None else str(n),
                    *numbers,
                )
            )
    columns = ", ".join(f"d{p}_{s} decimal({p},{s})" for p, s in DECIMALS)
    return spark.createDataFrame(made, f"g int, part int, n int, t string, {columns}")


@pytest.mark.slow
def test_parts_add_up_to_the_whole(spark: SparkSession) -> None:
    frame = rows(spark).persist()
    step = read("x").aggregate(by=("g", "n % 2 AS odd"), **MEASURES).steps[0]
    groups = step.groups(frame, CONTEXT)
    assert isinstance(groups, AddedGroups)
    kept = groups.of(frame.where("part = 0"))
    for part in (1, 2, 3):
        kept = groups.merged(kept.union(groups.of(frame.where(F.col("part") == part))))
    made = groups.result(kept)
    whole = frame.groupBy("g", F.expr("n % 2").alias("odd")).agg(
        *(F.expr(text).alias(name) for name, text in MEASURES.items())
    )
    assert made.schema.simpleString() == whole.schema.simpleString()
    assert sorted(map(repr, made.collect())) == sorted(map(repr, whole.collect()))


@pytest.mark.parametrize("text", ["avg(wide)", "avg(deep)", "avg(INTERVAL '1' DAY * n)", "sum(DISTINCT n)"])
def test_a_measure_that_does_not_add_up_exactly_is_computed_again(spark: SparkSession, text: str) -> None:
    frame = spark.createDataFrame([], "n int, wide decimal(38,3), deep decimal(20,15)")
    groups = read("x").aggregate(by="n", m=text).steps[0].groups(frame, CONTEXT)
    assert groups is not None
    assert not groups.merges


def test_every_aggregate_and_window_of_spark_is_known_as_one(spark: SparkSession) -> None:
    registered = spark._jvm.org.apache.spark.sql.catalyst.analysis.FunctionRegistry.expressions().iterator()
    beyond_the_row = set()
    while registered.hasNext():
        entry = registered.next()
        if entry._2()._1().getGroup() in ("agg_funcs", "window_funcs"):
            beyond_the_row.add(entry._1())
    assert beyond_the_row
    assert {name for name in beyond_the_row if functions.is_by_row(name)} == set()
