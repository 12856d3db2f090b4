"""A run that behaves: alone in its warehouse, patient with faults that pass, and within its time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    PipelineDefinition,
    RunHeldError,
    RunListener,
    from_files,
    read,
)
from lakehouse.pipelines.run import tries
from lakehouse.storage import RetryPolicy
from tests.spark.pipelines.landing import Lake, shop

pytestmark = pytest.mark.spark

DAY = "2024-01-01"
CLEAN = (
    read("raw", incremental=True).cast({"id": "int", "units": "int"}, on_error="null").select("id", "units")
)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    quick = RetryPolicy(first_pause_seconds=0.01, longest_pause_seconds=0.01)
    monkeypatch.setattr(tries, "_PAUSES", quick)
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, DAY), (2, 6, DAY))
    return lake


class Faulty(RunListener):
    """Raises an error so often, between the judgement of a table's rows and their commit; and runs beside itself."""

    def __init__(self, error: Exception, times: int, lake: Lake, pipeline: PipelineDefinition) -> None:
        self.left = times
        self.refused: list[str] = []
        self._error = error
        self._lake = lake
        self._pipeline = pipeline

    def step_done(self, table: str, step: str) -> None:
        if (table, step) != ("clean", "quarantine"):
            return
        try:
            self._lake.run(self._pipeline)
        except RunHeldError as error:
            self.refused.append(str(error))
        self.left -= 1
        if self.left >= 0:
            raise self._error


def test_a_table_is_tried_again_after_faults_that_pass_while_no_other_run_is_let_in(lake: Lake) -> None:
    pipeline = shop(clean=("silver", CLEAN.append()))
    passing = Faulty(ConnectionResetError("gone"), 2, lake, pipeline)
    assert lake.run(pipeline, listener=passing).status == "ok"
    assert passing.left == -1, "it failed twice, and went well the third time"
    assert lake.rows("silver/clean") == [(1, 5), (2, 6)]
    assert len(passing.refused) == 3
    assert "'shop' runs already in this warehouse: process" in passing.refused[0]
    lake.land("b.csv", (3, 7, DAY))
    lasting = Faulty(ConnectionResetError("gone"), 9, lake, pipeline)
    (failed,) = lake.run(pipeline, listener=lasting, retries=1).failures
    assert isinstance(failed.error, ConnectionResetError)
    assert lasting.left == 7, "it was tried twice"
    of_the_data = Faulty(ZeroDivisionError(), 9, lake, pipeline)
    assert lake.run(pipeline, listener=of_the_data).failures
    assert of_the_data.left == 8, "what doesn't pass is not tried again"
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("silver/clean") == [(1, 5), (2, 6), (3, 7)]


@pytest.mark.slow
def test_a_table_whose_time_is_up_is_stopped_in_spark_and_the_session_goes_on(lake: Lake) -> None:
    def definition(seconds: float, timeout: str) -> PipelineDefinition:
        def slowly(number: int) -> int:
            time.sleep(seconds)
            return number

        slow = F.udf(slowly, "int")
        clean = CLEAN.transform(lambda frame: frame.withColumn("units", slow("units"))).append()
        builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
        builder.bronze("raw", from_files("${landing}/*.csv", columns=["id", "units", "day"]))
        return builder.silver("clean", clean, timeout=timeout).build()

    lake.run(definition(0, "1 hour"), select=["raw"])
    started = time.monotonic()
    failed = lake.run(definition(60, "2 s")).outcomes["clean"]
    assert time.monotonic() - started < 50
    assert isinstance(failed, Failed)
    assert str(failed.error).startswith(
        "'clean' was stopped after 2 s, and is as it was before. Fix: give it more"
    )
    assert not (lake.warehouse / "silver" / "clean" / "_delta_log").exists()
    assert lake.run(definition(0, "1 hour")).status == "ok"
    assert lake.rows("silver/clean") == [(1, 5), (2, 6)]
