"""The main job over 14 days of real sales: every count and result against plain Python."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines import EventLog, Refreshed, RunResult, Warehouse, run_pipeline
from tests.spark.pipelines.retail_oracle import Expected, expected_of

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]
DAYS = sorted((ROOT / "data" / "retail").glob("*.csv.gz"))
PIPELINE = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]


class Run:
    """A warehouse that got thirteen days in one run and the last one in another."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.landing, self.warehouse = folder / "landing", folder / "warehouse"
        self.landing.mkdir()
        for day in DAYS[:-1]:
            shutil.copy(day, self.landing)
        self.first = self.go()
        shutil.copy(DAYS[-1], self.landing)
        self.second = self.go()

    def go(self) -> RunResult:
        return run_pipeline(
            PIPELINE,
            spark=self.spark,
            warehouse=self.warehouse,
            variables={"landing": str(self.landing)},
        )

    def table(self, path: str) -> DataFrame:
        return self.spark.read.format("delta").load(str(self.warehouse / path))


@pytest.fixture(scope="module")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    return Run(spark, tmp_path_factory.mktemp("retail"))


@pytest.fixture(scope="module")
def expected() -> Expected:
    return expected_of(DAYS)


def refreshed(result: RunResult, table: str) -> Refreshed:
    outcome = result.outcomes[table]
    assert isinstance(outcome, Refreshed), outcome
    return outcome


def test_the_oracle_saw_all_rows(expected: Expected) -> None:
    assert expected.raw == 34_241


def test_bronze_has_every_row_of_every_file_once(run: Run, expected: Expected) -> None:
    raw = run.table("bronze/sales_raw")
    assert raw.count() == expected.raw
    assert raw.select("_source_file").distinct().count() == 14
    assert raw.where("_rescued_data IS NOT NULL").count() == 0


def test_silver_has_each_row_once_and_cancellations_apart(run: Run, expected: Expected) -> None:
    assert run.table("silver/sales").count() == expected.sales
    assert run.table("silver/cancellations").count() == expected.cancellations
    assert run.table("silver/sales_quarantine").count() == expected.quarantined


def test_rows_that_reach_the_rules_are_all_accounted_for(run: Run, expected: Expected) -> None:
    tallies = [refreshed(result, "sales").refreshes[0].tally for result in (run.first, run.second)]
    assert sum(tally.rows_in for tally in tallies) == expected.distinct - expected.cancellations
    assert sum(tally.written for tally in tallies) == expected.sales
    assert sum(tally.dropped for tally in tallies) == expected.dropped
    assert sum(tally.quarantined for tally in tallies) == expected.quarantined
    for tally in tallies:
        assert tally.rows_in == tally.written + tally.dropped + tally.quarantined
    for rule, count in expected.broken.items():
        assert sum(tally.broken[rule] for tally in tallies) == count


def test_what_deduplicate_takes_out_is_counted(run: Run, expected: Expected) -> None:
    taken = 0
    for result in (run.first, run.second):
        steps = {step.step: step for step in refreshed(result, "sales").refreshes[0].steps}
        taken += steps["deduplicate()"].rows_in - steps["deduplicate()"].rows_out
    assert taken == expected.raw - expected.distinct


def test_a_quarantined_row_lists_all_that_it_breaks(run: Run) -> None:
    rows = run.table("silver/sales_quarantine").where("Quantity <= 0 AND CustomerID IS NULL").collect()
    assert rows
    for row in rows:
        assert [error.rule for error in row["_errors"]] == ["known_customer", "has_units", "priced"]


def test_daily_revenue_is_right_to_the_last_digit(run: Run, expected: Expected) -> None:
    rows = run.table("gold/daily_revenue").collect()
    assert {row.day: (row.orders, row.units, row.revenue) for row in rows} == expected.daily


def test_customer_value_is_right_to_the_last_digit(run: Run, expected: Expected) -> None:
    rows = run.table("gold/customer_value").collect()
    assert {row.customer_id: (row.orders, row.revenue) for row in rows} == expected.customers


def test_country_month_is_right_to_the_last_digit(run: Run, expected: Expected) -> None:
    rows = run.table("gold/country_month").collect()
    assert {(row.country, row.month): (row.orders, row.revenue) for row in rows} == expected.countries


def test_every_refresh_is_one_commit_that_carries_its_batch(run: Run) -> None:
    for path in ("bronze/sales_raw", "silver/sales", "silver/cancellations", "gold/daily_revenue"):
        commits = sorted((run.warehouse / path / "_delta_log").glob("*.json"))
        assert len(commits) == 2
        for number, commit in enumerate(commits):
            assert f'"appId":"lakehouse/retail/{path.split("/")[1]}","version":{number}' in commit.read_text()


def test_a_run_with_nothing_new_writes_no_table(run: Run) -> None:
    before = {path: len(list(path.glob("*.json"))) for path in run.warehouse.glob("*/*/_delta_log")}
    events = run.warehouse / "system" / "events" / "_delta_log"
    assert run.go().status == "nothing new"
    after = {path: len(list(path.glob("*.json"))) for path in run.warehouse.glob("*/*/_delta_log")}
    assert after == before | {events: before[events] + 1}


def test_the_events_of_each_run_can_be_queried(run: Run, expected: Expected) -> None:
    assert EventLog(Warehouse.at(run.warehouse)).read().num_rows == run.table("system/events").count()
    events = run.table("system/events").where(f"run_id = '{run.first.run_id}'")
    rows = events.where("kind = 'table' AND table = 'sales'").collect()
    assert [(row.status, row.batch, row.version) for row in rows] == [("ok", 0, 0)]
    assert rows[0].rows_in == rows[0].rows_out + rows[0].rows_dropped + rows[0].rows_quarantined
    rules = {row.name: row.rows_broken for row in events.where("kind = 'rule'").collect()}
    assert set(expected.broken) <= set(rules)
