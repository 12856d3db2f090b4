"""Rows that are quickly read again are judged by the action that writes them, as those that are kept in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.pipelines import Refreshed, RunResult, read
from lakehouse.pipelines.declare.steps import goes_row_by_row
from lakehouse.pipelines.refresh import table_pipeline
from tests.spark.pipelines.landing import COLUMNS, Lake, shop

pytestmark = pytest.mark.spark

NEW = read("raw", incremental=True).cast(COLUMNS)
JUDGED = (
    NEW.where("id > 0")
    .expect_or_quarantine("sold", "units > 0")
    .expect_or_drop("few", "units < 9")
    .expect("even", "units % 2 = 0")
    .append()
)
NEVER = NEW.expect_or_quarantine("never", "false").append()


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    lake = Lake(spark, tmp_path)
    units = (2, 3, 0, 9, "x", -1)
    lake.land("a.csv", *((n - 1, each, "2024-01-01") for n, each in enumerate(units, 1)))
    return lake


def facts(lake: Lake, result: RunResult, table: str) -> dict[str, Any]:
    """Return what a run made of a table: its rows, those set aside with the rules, and all counts."""
    outcome = result.outcomes[table]
    assert isinstance(outcome, Refreshed), result.failures
    (refresh,) = outcome.refreshes
    aside = lake.rows(f"silver/{table}_quarantine", "id", "_errors.rule")
    tally = refresh.tally
    return {
        "rows": lake.rows(f"silver/{table}", "id", "units"),
        "aside": [(number, *rules) for number, rules in aside],
        "counts": (tally.rows_in, tally.written, tally.dropped, tally.quarantined),
        "broken": dict(tally.broken),
        "steps": [(step.rows_in, step.rows_out) for step in refresh.steps],
    }


def last_job(spark: SparkSession) -> int:
    """Return the number of the session's last job; the tracker forgets old jobs, so their count says nothing."""
    return int(max(spark.sparkContext.statusTracker().getJobIdsForGroup(None), default=-1))


def test_rows_counted_while_they_are_written_come_out_as_those_that_are_kept_with_fewer_jobs(
    spark: SparkSession, tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {}
    ways = {"small": (2**20, False), "row by row": (-1, True), "kept": (-1, False)}
    for way, (quick_bytes, row_by_row) in ways.items():
        monkeypatch.setattr(table_pipeline, "_QUICK_BYTES", quick_bytes)
        if not row_by_row:
            monkeypatch.setattr(table_pipeline, "goes_row_by_row", lambda rows: False)
        lake.warehouse = tmp_path / way
        before = last_job(spark)
        result = lake.run(shop(judged=("silver", JUDGED), never=("silver", NEVER)))
        jobs[way] = last_job(spark) - before
        assert facts(lake, result, "judged") == {
            "rows": [(1, 3)],
            "aside": [(2, "sold"), (4, "cast(units)"), (5, "sold", "even")],
            "counts": (5, 1, 1, 3),
            "broken": {"sold": 2, "few": 1, "even": 3, "cast": 1},
            "steps": [(5, 4)],
        }
        never = facts(lake, result, "never")
        assert (never["rows"], never["counts"]) == ([], (6, 0, 0, 6))
        assert [each[0] for each in never["aside"]] == [0, 1, 2, 3, 4, 5]
        monkeypatch.undo()
    assert jobs["small"] == jobs["row by row"] < jobs["kept"]


def test_a_fatal_rule_leaves_nothing_of_a_small_batch(lake: Lake) -> None:
    failing = lake.run(shop(judged=("silver", NEW.expect_or_fail("sold", "units > 0").append())))
    assert "sold" in str(failing.failures[0].error)
    left = list((lake.warehouse / "silver").rglob("*.parquet"))
    assert (left, (lake.warehouse / "silver" / "judged" / "_delta_log").exists()) == ([], False)
    assert lake.run(shop(judged=("silver", JUDGED))).status == "ok"
    assert lake.rows("silver/judged", "id", "units") == [(1, 3)]


def test_rows_that_are_looked_at_together_are_kept_however_cheap_the_rest_is(spark: SparkSession) -> None:
    rows = spark.range(9).withColumn("half", F.col("id") % 2)
    assert goes_row_by_row(rows.where("id > 2").withColumn("day", F.current_date()))
    assert goes_row_by_row(rows.unionByName(rows))
    together = [
        rows.groupBy("half").count(),
        rows.distinct(),
        rows.dropDuplicates(["half"]),
        rows.orderBy("id"),
        rows.limit(3),
        rows.join(rows.select("id"), "id"),
        rows.withColumn("rank", F.row_number().over(Window.partitionBy("half").orderBy("id"))),
        rows.repartition(3),
        rows.withColumn("each", F.explode(F.array("id", "half"))),
        rows.where("id > (SELECT 3)"),
        rows.intersect(rows),
    ]
    assert [goes_row_by_row(each) for each in together] == [False] * len(together)
