"""A run that stops between two commits, and a warehouse that was put back from a backup: no row is lost or doubled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    Failed,
    Flow,
    PipelineDefinition,
    Refreshed,
    RunListener,
    Warehouse,
    drop_pending_batch,
    read,
)
from lakehouse.pipelines.refresh.staged_batches import StagedBatches
from tests.spark.pipelines.landing import Lake, shop
from tests.stopping import StopAfter

pytestmark = pytest.mark.spark

NEW = read("raw", incremental=True).cast({"id": "int"}, on_error="null").select("id", "units")


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", *((n, n % 3, "2024-01-01") for n in range(30)))
    return lake


def ids(lake: Lake, table: str) -> list[int]:
    return [row[0] for row in lake.rows(table, "id")]


def places(lake: Lake) -> list[int]:
    """Return every id of the table and of its quarantine, as often as it is there."""
    return sorted(ids(lake, "silver/clean") + ids(lake, "silver/clean_quarantine"))


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        ("id >= 5", "id >= 20", "quarantine"),
        ("id >= 20", "id >= 5", "validate"),
        pytest.param("id >= 5", "id >= 20", "batch", marks=pytest.mark.slow),
        pytest.param("id >= 5", "id >= 20", "validate", marks=pytest.mark.slow),
        pytest.param("id >= 20", "id >= 5", "batch", marks=pytest.mark.slow),
        pytest.param("id >= 20", "id >= 5", "quarantine", marks=pytest.mark.slow),
    ],
)
def test_rules_that_change_between_two_runs_leave_each_row_in_one_place(
    lake: Lake, step: str, before: str, after: str
) -> None:
    def definition(rule: str) -> PipelineDefinition:
        return shop(clean=("silver", NEW.expect_or_quarantine("fine", rule).append()))

    stopped = lake.run(definition(before), listener=StopAfter(step, table="clean"))
    assert isinstance(stopped.outcomes["clean"], Failed)
    finished = lake.run(definition(after)).outcomes["clean"]
    assert places(lake) == list(range(30))
    # What was judged before the stop is finished as it was judged, counts and all; the rest by the rules of now.
    least = before if step in ("validate", "quarantine") else after
    assert isinstance(finished, Refreshed)
    tally, bad = finished.refreshes[0].tally, int(least.removeprefix("id >= "))
    assert (tally.rows_in, tally.written, tally.quarantined, tally.broken) == (
        30,
        30 - bad,
        bad,
        {"fine": bad},
    )
    assert [path for path in lake.warehouse.rglob("_lakehouse_staging/*") if any(path.iterdir())] == []
    assert min(ids(lake, "silver/clean")) == int(least.removeprefix("id >= "))
    lake.land("b.csv", (40, 1, "2024-01-01"), (3, 1, "2024-01-01"))
    lake.run(definition(after))
    assert places(lake) == sorted([*range(30), 40, 3])


def test_rows_that_were_judged_for_another_write_mode_are_not_written_by_todays(lake: Lake) -> None:
    whole = read("raw").cast({"id": "int"}, on_error="null").select("id", "units")
    replaced = shop(clean=("silver", whole.expect_or_quarantine("fine", "id >= 5").replace()))
    appended = shop(clean=("silver", NEW.expect_or_quarantine("fine", "id >= 5").append()))
    lake.run(appended)
    lake.land("b.csv", (40, 1, "2024-01-01"), (4, 1, "2024-01-01"))
    lake.run(replaced, listener=StopAfter("quarantine", table="clean"))
    assert ids(lake, "silver/clean_quarantine") == [0, 1, 2, 3, 4, 4], "all of them, in place of those before"
    lake.land("c.csv", (3, 1, "2024-01-01"))
    assert lake.run(appended).status == "ok"
    assert places(lake) == sorted([*range(30), 40, 4, 3])
    assert ids(lake, "silver/clean_quarantine") == [0, 1, 2, 3, 3, 4, 4]


def test_steps_that_choose_freely_choose_once(lake: Lake) -> None:
    def shuffled(frame: DataFrame) -> DataFrame:
        return frame.withColumn("lot", F.rand())

    definition = shop(
        clean=("silver", NEW.transform(shuffled).expect_or_quarantine("fine", "lot < 0.5").append())
    )
    lake.run(definition, listener=StopAfter("quarantine", table="clean"))
    assert lake.run(definition).status == "ok"
    assert places(lake) == list(range(30))


def test_staged_rows_that_were_deleted_come_again(lake: Lake) -> None:
    definition = shop(clean=("silver", NEW.expect_or_quarantine("fine", "id >= 5").append()))
    lake.run(definition, listener=StopAfter("quarantine", table="clean"))
    for staging in lake.warehouse.glob("silver/*/_lakehouse_staging"):
        shutil.rmtree(staging)
    assert lake.run(definition).status == "ok"
    assert places(lake) == list(range(30))


@pytest.mark.parametrize("layer", ["silver", pytest.param("bronze", marks=pytest.mark.slow)])
def test_rows_that_a_restored_table_lost_come_again_or_the_reader_says_why(lake: Lake, layer: str) -> None:
    definition = shop(clean=("silver", NEW.expect_or_quarantine("fine", "id >= 5").append()))
    name = {"bronze": "raw", "silver": "clean"}[layer]
    lake.run(definition)
    shutil.copytree(lake.warehouse / layer / name, lake.warehouse.parent / "backup")
    for day in range(2):
        lake.land(f"day{day}.csv", (100 + day, 1, "2024-01-02"), (day, 1, "2024-01-02"))
        lake.run(definition)
    shutil.rmtree(lake.warehouse / layer / name)
    shutil.copytree(lake.warehouse.parent / "backup", lake.warehouse / layer / name)
    lake.land("last.csv", (200, 1, "2024-01-03"))
    result = lake.run(definition)
    assert len(lake.rows("bronze/raw")) == 30 + 2 * 2 + 1
    if layer == "bronze":
        assert "has been replaced since" in str(result.failures[0].error)
    else:
        assert places(lake) == sorted([*range(30), 100, 101, 0, 1, 200])


def test_a_function_that_raises_fails_its_table_with_the_cause_and_the_session_goes_on(lake: Lake) -> None:
    def halved(divisor: int) -> Flow:
        half = F.udf(lambda number: 1 // (number - divisor), "int")
        return NEW.transform(lambda frame: frame.withColumn("half", half("id"))).append()

    result = lake.run(shop(clean=("silver", halved(7))))
    assert result.failures[0].cause.startswith("ZeroDivisionError")
    assert lake.run(shop(clean=("silver", halved(-1)))).status == "ok"
    assert ids(lake, "silver/clean") == sorted(range(30), key=repr)


class DropAfter(RunListener):
    """Lets somebody drop the batch, and run again, while a run is at work on it."""

    def __init__(self, lake: Lake, definition: PipelineDefinition) -> None:
        self._lake = lake
        self._definition = definition

    def step_done(self, table: str, step: str) -> None:
        if (table, step) == ("clean", "validate"):
            drop_pending_batch(Warehouse.at(self._lake.warehouse), "clean")
            assert self._lake.run(self._definition, select=["clean"], exclusive=False).status == "ok"


@pytest.mark.parametrize("other_run", ["ends", "is killed before it cleans up"])
def test_a_batch_that_the_table_refuses_leaves_nothing_in_its_quarantine(
    lake: Lake, other_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if other_run != "ends":
        monkeypatch.setattr(StagedBatches, "forget_before", lambda self, number: None)

    def definition(rule: str) -> PipelineDefinition:
        return shop(clean=("silver", NEW.expect_or_quarantine("fine", rule).append()))

    refused = lake.run(definition("id >= 5"), listener=DropAfter(lake, definition("id >= 0")))
    assert "whose last batch now is 1" in str(refused.failures[0].error)
    assert ids(lake, "silver/clean") == sorted(range(30), key=repr)
    quarantine = "silver/clean_quarantine"
    assert not (lake.warehouse / quarantine / "_delta_log").exists() or ids(lake, quarantine) == []
