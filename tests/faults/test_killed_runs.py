"""A run is killed after a step, for real, and started again: the tables are those of an undisturbed run.

The tables have a day already when the run with the next one is killed.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import run_pipeline
from tests.faults.killed_process import kill_a_run
from tests.faults.retail_tables import DAYS, PIPELINE, ROOT, STEPS, TABLES

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ALL = [(table, step, how) for table in TABLES for step in STEPS for how in ("group", "python-soon")] + [
    ("sales", "batch", "python")
]

Contents = dict[str, Counter[tuple]]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@pytest.fixture(scope="module")
def first_day(spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that has the first of two days; the second lies in the landing zone since then."""
    warehouse = tmp_path_factory.mktemp("first") / "day"
    shutil.copy(ROOT / "data" / "retail" / f"{DAYS[0]}.csv.gz", landing)
    go(spark, landing, warehouse)
    shutil.copy(ROOT / "data" / "retail" / f"{DAYS[1]}.csv.gz", landing)
    return warehouse


def go(spark: SparkSession, landing: Path, warehouse: Path) -> str:
    variables = {"landing": str(landing)}
    result = run_pipeline(PIPELINE, spark=spark, warehouse=warehouse, variables=variables)
    assert not result.failures, result.failures
    return result.status


def contents(spark: SparkSession, warehouse: Path) -> Contents:
    """Every row of every table, the time of its ingestion aside."""
    found = {}
    for path in (path for paths in TABLES.values() for path in paths):
        frame = spark.read.format("delta").load(str(warehouse / path)).drop("_ingested_at")
        found[path] = Counter(repr(row) for row in frame.collect())
    return found


@pytest.fixture(scope="module")
def undisturbed(
    spark: SparkSession, landing: Path, first_day: Path, tmp_path_factory: pytest.TempPathFactory
) -> Contents:
    warehouse = tmp_path_factory.mktemp("undisturbed") / "both"
    shutil.copytree(first_day, warehouse)
    go(spark, landing, warehouse)
    return contents(spark, warehouse)


@pytest.fixture
def lake(first_day: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first_day, tmp_path / "lake"))


@pytest.mark.parametrize("case", ALL, ids="-".join)
def test_a_run_killed_after_any_step_is_finished_by_the_next(
    spark: SparkSession, landing: Path, lake: Path, undisturbed: Contents, case: tuple[str, str, str]
) -> None:
    kill_a_run(landing, lake, case)
    go(spark, landing, lake)
    assert contents(spark, lake) == undisturbed
    assert go(spark, landing, lake) == "nothing new"
