"""What was judged is what is written, also where rows would be others if they were computed again."""

from __future__ import annotations

from collections import defaultdict
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
def staged(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[StagedRows]]:
    """Lose everything that is in memory before each write, as with a lost executor; give what each table wrote."""
    stage = NativeTable.stage
    written: dict[str, list[StagedRows]] = defaultdict(list)

    def stage_after_loss(table: NativeTable, frame: DataFrame, **more: Any) -> StagedRows:
        frame.sparkSession.catalog.clearCache()
        rows = stage(table, frame, **more)
        written[Path(table.path).name.removesuffix("_quarantine")].append(rows)
        return rows

    monkeypatch.setattr(NativeTable, "stage", stage_after_loss)
    return written


def places(lake: Lake, table: str) -> list[int]:
    """Return every id of the table and of its quarantine, as often as it is there."""
    rows = [row for each in (table, f"{table}_quarantine") for row in lake.rows(f"silver/{each}", "id")]
    return sorted(row[0] for row in rows)


def tossed(frame: DataFrame) -> DataFrame:
    return frame.withColumn("side", F.when(F.rand() < 0.5, "0").otherwise("tails"))


CHOSEN = {
    "by_a_step": NEW.transform(tossed).expect_or_quarantine("zero", "side = '0'"),
    "by_a_rule": NEW.expect_or_quarantine("lucky", "rand() < 0.5"),
    "before_a_cast": NEW.transform(tossed).cast({"side": "int"}).where("id >= 0"),
}


def test_rows_that_are_chosen_freely_stay_as_they_were_judged_when_memory_is_lost(
    lake: Lake, staged: dict[str, list[StagedRows]]
) -> None:
    fixed = NEW.deduplicate().expect_or_quarantine("fine", "id >= 5")
    flows = {**CHOSEN, "not_chosen": fixed}
    result = lake.run(shop(**{name: ("silver", flow.append()) for name, flow in flows.items()}))
    assert result.status == "ok", result.failures
    for name in flows:
        assert places(lake, name) == list(range(ROWS)), name
    for name in CHOSEN:
        outcome = result.outcomes[name]
        assert isinstance(outcome, Refreshed)
        tally = outcome.refreshes[0].tally
        assert 0 < tally.written < ROWS == tally.rows_in
        assert len(staged[name]) == 3, "the chosen rows, those to write and those to quarantine"
        assert not any(each.exist() for each in staged[name])
    assert len(staged["not_chosen"]) == 2, "those to write and those to quarantine"


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
