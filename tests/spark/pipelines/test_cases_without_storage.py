"""A definition runs on rows of a test, and gives what a run with storage gives; a case is quick on a warm session."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from landing import COLUMNS, Lake
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    MissingTestInputError,
    PipelineDefinition,
    UnexpectedRowsError,
    UnknownColumnError,
    UnknownSourceError,
    from_files,
    from_rows,
    read,
    sql,
)
from lakehouse.quality import ExpectationFailedError, WholeExpectationFailedError

pytestmark = pytest.mark.spark

ROWS = [
    (1, 2, "2024-01-01"),
    (2, 5, "2024-01-01"),
    (2, 6, "2024-01-02"),
    (3, "many", "2024-01-02"),
    (4, 1, "2024-01-03"),
    (5, 0, "2024-01-03"),
]


def doubled(frame: DataFrame) -> DataFrame:
    return frame.withColumn("twice", F.col("units") * 2)


def definition() -> PipelineDefinition:
    names = from_rows([(1, "one"), (4, "four")], columns={"id": "int", "name": "string"})
    return (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="not there")
        .variable("least", default="1")
        .bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
        .view("typed", read("raw").cast(COLUMNS).expect("sold", "units > 1"))
        .silver("names", names.replace())
        .silver(
            "orders",
            read("typed", incremental=True)
            .transform(doubled)
            .unique("id")
            .references("names", "id", action="warn")
            .expect_or_drop("any", "units >= ${least}")
            .append(),
        )
        .gold("days", read("orders").aggregate(by="day", units="sum(units)", twice="sum(twice)").replace())
        .gold("named", sql("SELECT name, units FROM {orders} JOIN {names} USING (id)").replace())
        .gold("strict", read("orders").expect_or_fail("few", "units < 2").replace())
        .gold("fresh", read("orders").freshness("day", within="2 days").replace())
        .build()
    )


def test_a_case_has_the_rows_of_a_run_with_storage(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", *ROWS)
    lake.run(definition(), select=["+days", "+named"])

    case = definition().test(inputs={"raw": ROWS}, spark=spark)
    # From the files and by hand: 2 is there twice, 3 can't be cast, 5 is below 1.
    assert lake.rows("silver/orders", "id") == [(1,), (4,)]
    case.expect("orders", [{"id": 1, "twice": 4}, {"id": 4, "twice": 2}])
    case.quarantined("orders", [{"id": 2}, {"id": 2}, {"id": 3}])
    case.quarantined("orders", [(2, 5, "2024-01-01", 10), (2, 6, "2024-01-02", 12)], rule="unique(id)")
    case.quarantined("orders", [], rule="a rule that isn't there")
    assert case.broken("orders") == {"unique(id)": 2, "references(id)": 3, "any": 1, "cast": 1}
    for table in ("days", "named"):
        case.expect(table, lake.rows(f"gold/{table}"))
    with pytest.raises(
        UnexpectedRowsError, match=r"'days' differs: 0 expected rows are missing \(-\), 1 others"
    ) as differs:
        case.expect("days", [("2024-01-01", 2, 4)])
    assert "+  2024-01-03  1      2" in str(differs.value)
    assert not Path("not there").exists()


def test_one_table_is_tested_by_giving_it_what_it_reads(spark: SparkSession) -> None:
    given = [{"id": 1, "day": "2024-01-05", "units": 1}, {"id": 2, "units": 7}]
    case = definition().test(inputs={"silver.orders": given, "names": [(2, "two")]}, spark=spark)
    case.expect("named", [("two", 7)])
    case.expect("days", [{"day": "2024-01-05", "units": 1}, {"day": None, "units": 7}])
    with pytest.raises(ExpectationFailedError, match="1 rows for 'strict' break the rule 'few'"):
        case.rows("strict")
    at = dt.datetime(2024, 1, 6, tzinfo=dt.UTC)
    definition().test(inputs={"orders": given}, spark=spark, now=at).expect("fresh", given)
    with pytest.raises(WholeExpectationFailedError, match="no day is younger than 2 days"):
        definition().test(inputs={"orders": given}, spark=spark, now=at + dt.timedelta(days=9)).rows("fresh")
    with pytest.raises(MissingTestInputError, match=r"'raw' takes its rows from .* Fix: give its rows"):
        definition().test(inputs={"names": []}, spark=spark).rows("days")
    with pytest.raises(UnknownSourceError, match="did you mean 'orders'"):
        definition().test(inputs={"order": []}, spark=spark)
    with pytest.raises(UnknownColumnError, match="did you mean 'units'"):
        definition().test(inputs={"orders": [{"unit": 1}]}, spark=spark).rows("orders")
    with pytest.raises(UnknownColumnError, match="did you mean 'units'"):
        case.expect("days", [{"unit": 1}])


def test_a_case_starts_few_jobs(spark: SparkSession) -> None:
    spark.sparkContext.setJobGroup("case", "one case")
    try:
        definition().test(inputs={"raw": ROWS}, spark=spark).expect(
            "days", [("2024-01-01", 2, 4), ("2024-01-03", 1, 2)]
        )
        assert len(spark.sparkContext.statusTracker().getJobIdsForGroup("case")) <= 10
    finally:
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]
