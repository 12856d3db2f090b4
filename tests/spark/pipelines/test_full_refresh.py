"""A table is rebuilt from all of its inputs, in one commit, and it and its readers go on from there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import Failed, PipelineDefinition, Refreshed, RunListener, read
from tests.spark.pipelines.landing import Lake, shop

pytestmark = pytest.mark.spark

DAY = dt.date(2024, 1, 1)
TYPED = read("raw", incremental=True).cast({"id": "int", "units": "int", "day": "date"}, on_error="null")
TOTALS = ("gold", read("sales").aggregate(by="day", units="sum(units)").replace())


def definition(rule: str, units: str = "units") -> PipelineDefinition:
    kept = TYPED.select("id", f"{units} AS units", "day").deduplicate("id", "day")
    return shop(sales=("silver", kept.expect_or_quarantine("fine", rule).append()), totals=TOTALS)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, DAY), (2, 6, DAY), (3, 0, DAY))
    lake.run(definition("units > 0"))
    lake.land("b.csv", (4, 7, DAY), (1, 5, DAY))
    lake.run(definition("units > 0"))
    return lake


class Watch(RunListener):
    """Reads a table when the new rows of it are written and not yet published."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.seen: list[object] = []

    def step_done(self, table: str, step: str) -> None:
        if (table, step) == ("sales", "quarantine"):
            self.seen = self._lake.rows("silver/sales", "id", "units")


def test_a_table_is_rebuilt_by_today_s_definition_in_one_commit(lake: Lake) -> None:
    commits = lake.commits("silver/sales"), lake.commits("gold/totals"), lake.commits("bronze/raw")
    watch = Watch(lake)
    result = lake.run(definition("units < 7", "units * 2"), full_refresh=["sales+"], listener=watch)
    assert not result.failures
    # No row of id 3 is left in quarantine, and the units of all rows are those of the new definition.
    assert watch.seen == [(1, 5), (2, 6), (4, 7)], "readers keep the old version until the new one is whole"
    assert lake.rows("silver/sales", "id", "units") == [(3, 0)]
    assert lake.rows("silver/sales_quarantine", "id", "units") == [(1, 10), (2, 12), (4, 14)]
    assert lake.rows("gold/totals") == [(DAY, 0)]
    now = lake.commits("silver/sales"), lake.commits("gold/totals"), lake.commits("bronze/raw")
    assert now == (commits[0] + 1, commits[1] + 1, commits[2])
    assert lake.run(definition("units < 7", "units * 2")).status == "nothing new"
    # Only what is new comes after that, and a row that the rebuilt table holds stays out.
    lake.land("c.csv", (5, 1, DAY), (3, 0, DAY))
    outcome = lake.run(definition("units < 7", "units * 2")).outcomes["sales"]
    assert isinstance(outcome, Refreshed)
    assert outcome.refreshes[0].inputs["after"] == 1
    assert lake.rows("silver/sales", "id", "units") == [(3, 0), (5, 2)]


@pytest.mark.slow
def test_readers_of_a_rebuilt_table_say_what_they_need_and_files_that_went_are_missed(lake: Lake) -> None:
    pipeline = definition("units > 0")
    (lake.landing / "a.csv").unlink()
    refused = lake.run(pipeline, full_refresh=["raw"])
    assert "a.csv', which it took, can't be read again" in str(refused.failures[0].error)
    assert len(lake.rows("bronze/raw")) == 5, "the table is as it was"
    result = lake.run(pipeline, full_refresh=["raw"], accept_loss=True)
    assert lake.rows("bronze/raw", "id") == [("1",), ("4",)]
    failed = result.outcomes["sales"]
    assert isinstance(failed, Failed)
    assert "'sales' read rows of 'raw' before" in str(failed.error)
    assert "run with --full-refresh 'sales+'" in str(failed.error)
    assert lake.run(pipeline, full_refresh=["sales+"]).status == "ok"
    assert lake.rows("silver/sales", "id", "units") == [(1, 5), (4, 7)]
    assert lake.rows("silver/sales_quarantine") == []
    assert lake.rows("gold/totals") == [(DAY, 12)]
    lake.land("a.csv", (1, 5, DAY), (2, 6, DAY), (3, 0, DAY))
    assert lake.run(pipeline).status == "ok", "a file that a rebuilt table has not taken is new"
    assert lake.rows("silver/sales", "id") == [(1,), (2,), (4,)]
