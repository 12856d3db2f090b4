"""Rows that come too late are set aside with how late they are; whatever stops, a batch judges them alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, Refreshed, from_files, resolve
from tests.spark.pipelines.landing import COLUMNS, Lake, shop
from tests.stopping import StopAfter

pytestmark = pytest.mark.spark
LANDED = from_files("${landing}/*.csv", columns=COLUMNS)
FLOW = LANDED.cast(COLUMNS).watermark("day", "2 days").append()


def test_late_rows_are_set_aside_by_the_newest_of_the_batches_before(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    definition = builder.silver("clean", FLOW).build()
    # A clock that is wrong, and none at all: neither makes what follows late.
    lake.land("1.csv", (1, 0, "2024-01-10"), (2, 0, "2999-01-01"), (3, 0, None))
    lake.run(definition)

    # The batch has only old rows, and the line stays where it is, although runs stop before and behind the judgement.
    lake.land("2.csv", (4, 0, "2024-01-08"), (5, 0, "2024-01-07"), (6, 0, None), (7, "x", "2024-01-01"))
    lake.run(definition, listener=StopAfter("batch", table="clean"))
    lake.run(definition, listener=StopAfter("validate", table="clean"))
    lake.land("3.csv", (8, 0, "2024-01-08"), (9, 0, "2024-01-07"), (10, 0, "2024-01-11"))
    both = lake.run(definition).outcomes["clean"]
    assert isinstance(both, Refreshed)
    tally = both.refreshes[0].tally
    assert (tally.rows_in, tally.written, tally.quarantined) == (4, 2, 2)
    assert [each.tally.broken["late(day)"] for each in both.refreshes] == [2, 1]

    assert [row[0] for row in lake.rows("silver/clean", "id")] == [1, 10, 2, 3, 4, 6, 8]
    aside = {
        row[0]: [(error.rule, error.message) for error in row[1]]
        for row in lake.rows("silver/clean_quarantine", "id", "_errors")
    }
    late = "seconds behind the watermark 2024-01-08T00:00:00+00:00"
    assert aside == {
        5: [("late(day)", f"2024-01-07 is 86400.000000 {late}")],
        7: [
            ("cast(units)", "units is 'x', which is no int"),
            ("late(day)", f"2024-01-01 is 604800.000000 {late}"),
        ],
        9: [("late(day)", f"2024-01-07 is 86400.000000 {late}")],
    }


def test_a_column_that_has_no_time_is_found_with_its_line(spark: SparkSession) -> None:
    definition = shop(
        there=("silver", LANDED.watermark("dy", "2 days").append()),
        typed=("silver", LANDED.watermark("day", "2 days").append()),
    )
    problems = [str(each) for each in resolve(definition, spark).problems]
    (missing,) = [each for each in problems if "'dy'" in each]
    assert "test_watermark.py" in missing
    assert "did you mean 'day'?" in missing
    assert any("watermark(day) has the column 'day', which is string" in each for each in problems), problems
