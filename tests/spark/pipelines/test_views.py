"""Tables that go on from a view have the rows of one that was stored; it is computed once, and its rules count."""

from __future__ import annotations

from pathlib import Path

import pytest
from landing import COLUMNS, Lake
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    PipelineDefinition,
    Refreshed,
    from_files,
    read,
    sql,
)

pytestmark = pytest.mark.spark

ROWS = [(1, 1, "2024-01-01"), (2, 0, "2024-01-01"), (3, -1, "2024-01-02"), (4, 5, "2024-01-03")]


def definition(*, least: int = -5) -> PipelineDefinition:
    calls.clear()
    clean = (
        read("bronze.orders")
        .cast(COLUMNS)
        .transform(noted)
        .expect("sold", "units > 0")
        .expect_or_drop("not_returned", "units >= 0")
        .expect_or_fail("known", f"units >= {least}")
    )
    return (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="none")
        .bronze("orders", from_files("${landing}/*.csv", columns=COLUMNS))
        .view("clean", clean)
        .silver("orders", read("clean", incremental=True).append())
        .gold("units", read("clean").aggregate(by="day", units="sum(units)").replace())
        .gold("days", read("clean").select("day").deduplicate().replace())
        .gold(
            "asked",
            sql("SELECT o.id, d.day FROM {silver.orders} o JOIN {days} d USING (day)")
            .join(read("dates"), on="day", how="inner")
            .replace(),
        )
        .view("dates", read("days").where("day < '2024-01-02'").expect("any", "true"))
        .build()
    )


calls: list[str] = []


def noted(frame: DataFrame) -> DataFrame:
    calls.append("computed")
    return frame


def test_views_and_one_name_in_two_layers(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", *ROWS)
    result = lake.run(definition())
    assert not result.failures, result.failures
    kept = [row for row in ROWS if row[1] >= 0]
    assert lake.rows("silver/orders", "id", "units") == sorted((row[0], row[1]) for row in kept)
    assert [row[1] for row in lake.rows("gold/units")] == [1, 5]
    assert lake.rows("gold/asked", "id") == [(1,), (2,)]
    assert not (lake.warehouse / "view").exists()

    orders = result.outcomes["silver.orders"]
    assert isinstance(orders, Refreshed)
    refresh = orders.refreshes[0]
    assert refresh.tally.broken == {"clean.sold": 2, "clean.not_returned": 1, "cast": 0}
    assert [(s.step, s.rows_in - s.rows_out) for s in refresh.steps] == [("clean", 1)]

    # Once to check the definition for each of the three readers; then for new rows, and for the two Gold tables once.
    assert len(calls) == 3 + 1 + 1
    assert lake.run(definition()).status == "nothing new"

    lake.land("b.csv", (9, -9, "2024-01-09"))
    failed = lake.run(definition(least=-5)).outcomes["silver.orders"]
    assert isinstance(failed, Failed)
    assert "a row breaks the rule clean.known" in failed.cause
