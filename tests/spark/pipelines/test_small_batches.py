"""A small batch is judged by the action that writes it, and comes out as one whose rows are kept in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import Refreshed, RunResult, read
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


def test_a_small_batch_comes_out_as_a_large_one_with_fewer_jobs(
    spark: SparkSession, tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {}
    for way, quick_bytes in (("small", 2**20), ("large", -1)):
        monkeypatch.setattr(table_pipeline, "_QUICK_BYTES", quick_bytes)
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
    assert jobs["small"] < jobs["large"]


def test_a_fatal_rule_leaves_nothing_of_a_small_batch(lake: Lake) -> None:
    failing = lake.run(shop(judged=("silver", NEW.expect_or_fail("sold", "units > 0").append())))
    assert "sold" in str(failing.failures[0].error)
    assert not (lake.warehouse / "silver" / "judged").exists()
    assert lake.run(shop(judged=("silver", JUDGED))).status == "ok"
    assert lake.rows("silver/judged", "id", "units") == [(1, 3)]
