"""What was judged is what is written, also where rows would be others if they were computed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.pipelines import Refreshed, read
from lakehouse.pipelines.declare.steps import may_choose, runs_code
from lakehouse.tables import NativeTable, StagedRows
from tests.spark.pipelines.landing import Lake, shop

pytestmark = pytest.mark.spark

NEW = read("raw", incremental=True).cast({"id": "int"}, on_error="null").select("id", "units")
ROWS = 200


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", *((n, n % 3, "2024-01-01") for n in range(ROWS)))
    return lake


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[StagedRows]:
    """Lose everything that is in memory before each write, as with a lost executor; give what 'clean' wrote."""
    stage, written = NativeTable.stage, []

    def stage_after_loss(table: NativeTable, frame: DataFrame, **more: Any) -> StagedRows:
        frame.sparkSession.catalog.clearCache()
        rows = stage(table, frame, **more)
        if "/clean" in table.path:
            written.append(rows)
        return rows

    monkeypatch.setattr(NativeTable, "stage", stage_after_loss)
    return written


def places(lake: Lake) -> list[int]:
    """Return every id of the table and of its quarantine, as often as it is there."""
    rows = [row for table in ("silver/clean", "silver/clean_quarantine") for row in lake.rows(table, "id")]
    return sorted(row[0] for row in rows)


def tossed(frame: DataFrame) -> DataFrame:
    return frame.withColumn("side", F.when(F.rand() < 0.5, "0").otherwise("tails"))


BY_A_STEP = NEW.transform(tossed).expect_or_quarantine("zero", "side = '0'")
BY_A_RULE = NEW.expect_or_quarantine("lucky", "rand() < 0.5")
BEFORE_A_CAST = NEW.transform(tossed).cast({"side": "int"}).where("id >= 0")


@pytest.mark.parametrize("flow", [BY_A_STEP, BY_A_RULE, BEFORE_A_CAST], ids=["step", "rule", "before a cast"])
def test_rows_that_are_chosen_freely_stay_as_they_were_judged_when_memory_is_lost(
    lake: Lake, staged: list[StagedRows], flow: object
) -> None:
    result = lake.run(shop(clean=("silver", flow.append())))  # type: ignore[attr-defined]
    assert result.status == "ok", result.failures
    assert places(lake) == list(range(ROWS))
    outcome = result.outcomes["clean"]
    assert isinstance(outcome, Refreshed)
    tally = outcome.refreshes[0].tally
    assert 0 < tally.written < ROWS == tally.rows_in
    assert len(staged) == 3, "the chosen rows, those to write and those to quarantine"
    assert not any(each.exist() for each in staged)


def test_rows_that_are_not_chosen_are_written_once(lake: Lake, staged: list[StagedRows]) -> None:
    flow = NEW.deduplicate().expect_or_quarantine("fine", "id >= 5").append()
    assert lake.run(shop(clean=("silver", flow))).status == "ok"
    assert places(lake) == list(range(ROWS))
    assert len(staged) == 2, "those to write and those to quarantine"


CHOICES: dict[str, tuple[bool, Callable[[DataFrame], DataFrame]]] = {
    "a filter": (False, lambda rows: rows.where("n > 1")),
    "a sum": (False, lambda rows: rows.groupBy("n").agg(F.sum("x"), F.max("t"), F.count("*"))),
    "a function": (False, lambda rows: rows.withColumn("y", F.udf(lambda x: x, "int")("n"))),
    "rand": (True, lambda rows: rows.where(F.rand() < 0.5)),
    "uuid": (True, lambda rows: rows.withColumn("y", F.expr("uuid()"))),
    "now": (True, lambda rows: rows.where("current_timestamp() > timestamp'2020-01-01'")),
    "today": (True, lambda rows: rows.withColumn("y", F.current_date())),
    "now, behind 60 columns": (True, lambda rows: rows.select(*map(F.lit, range(60)), F.expr("now()"))),
    "one of a key": (True, lambda rows: rows.dropDuplicates(["n"])),
    "a limit": (True, lambda rows: rows.limit(1)),
    "a limit within a query": (True, lambda rows: rows.where("n IN (SELECT id FROM range(9) LIMIT 1)")),
    "first": (True, lambda rows: rows.groupBy("n").agg(F.first("t"))),
    "a list": (True, lambda rows: rows.groupBy("n").agg(F.collect_list("t"))),
    "a rank": (True, lambda rows: rows.select(F.row_number().over(Window.orderBy("t")))),
    "a sample": (True, lambda rows: rows.sample(0.5)),
}


def test_a_plan_tells_whether_its_rows_may_be_others_the_next_time(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(1, "a", 1.0)], "n int, t string, x double").dropDuplicates(["t"])
    assert {name: may_choose(rows, change(rows)) for name, (_, change) in CHOICES.items()} == {
        name: chooses for name, (chooses, _) in CHOICES.items()
    }


def test_a_plan_tells_whether_code_that_is_not_spark_s_makes_its_rows(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(1, "a", 1.0)], "n int, t string, x double")
    found = {name for name, (_, change) in CHOICES.items() if runs_code(change(rows))}
    assert found == {"a function"}
    assert runs_code(rows.mapInArrow(lambda batches: batches, rows.schema).where("n > 1"))
