"""A run that rebuilds tables, or takes a corrected file, is killed after a step: readers have old rows or new ones."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import RunResult, Warehouse, release_files, run_pipeline
from tests.faults.killed_process import kill_a_run
from tests.faults.retail_tables import DAYS, PIPELINE, ROOT, STEPS, TABLES

pytestmark = [pytest.mark.spark, pytest.mark.slow]

REBUILD: dict[str, Any] = {"full_refresh": ["sales_raw+"], "accept_loss": True}

Contents = dict[str, Counter[str]]


def go(spark: SparkSession, landing: Path, warehouse: Path, **options: Any) -> RunResult:
    variables = {"landing": str(landing)}
    return run_pipeline(PIPELINE, spark=spark, warehouse=warehouse, variables=variables, **options)


def contents(spark: SparkSession, warehouse: Path) -> Contents:
    found = {}
    for path in (path for paths in TABLES.values() for path in paths):
        if not (warehouse / path / "_delta_log").exists():
            found[path] = Counter()  # nothing was ever set aside
            continue
        frame = spark.read.format("delta").load(str(warehouse / path)).drop("_ingested_at", "_batch")
        found[path] = Counter(repr(row) for row in frame.collect())
    return found


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing = tmp_path_factory.mktemp("landing")
    for day in DAYS:
        shutil.copy(ROOT / "data" / "retail" / f"{day}.csv.gz", landing)
    return landing


@pytest.fixture(scope="module")
def both_days(spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of two days, the first of which is then taken out of the landing zone."""
    warehouse = tmp_path_factory.mktemp("both") / "days"
    assert go(spark, landing, warehouse).status == "ok"
    (landing / f"{DAYS[0]}.csv.gz").unlink()
    return warehouse


@pytest.fixture(scope="module")
def before(spark: SparkSession, both_days: Path) -> Contents:
    return contents(spark, both_days)


@pytest.fixture(scope="module")
def rebuilt(
    spark: SparkSession, landing: Path, both_days: Path, tmp_path_factory: pytest.TempPathFactory
) -> Contents:
    """What a warehouse holds that never had the first day."""
    warehouse = tmp_path_factory.mktemp("second") / "day"
    assert go(spark, landing, warehouse).status == "ok"
    return contents(spark, warehouse)


@pytest.mark.parametrize("how", ["group", "python-soon"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("table", ["sales_raw", "sales", "daily_revenue"])
def test_a_killed_rebuild_leaves_old_or_new_rows_and_is_done_by_the_next(
    spark: SparkSession,
    landing: Path,
    both_days: Path,
    before: Contents,
    rebuilt: Contents,
    tmp_path: Path,
    table: str,
    step: str,
    how: str,
) -> None:
    warehouse = Path(shutil.copytree(both_days, tmp_path / "lake"))
    kill_a_run(landing, warehouse, (table, step, how), options=REBUILD)
    for path, rows in contents(spark, warehouse).items():
        assert rows in (before[path], rebuilt[path]), path
    go(spark, landing, warehouse)  # finishes the table that was in work; readers may ask to be rebuilt
    assert contents(spark, warehouse)[TABLES[table][0]] == rebuilt[TABLES[table][0]]
    assert go(spark, landing, warehouse, **REBUILD).status == "ok"
    assert contents(spark, warehouse) == rebuilt
    assert go(spark, landing, warehouse).status == "nothing new"


@pytest.mark.parametrize("how", ["group", "python-soon"])
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_release_leaves_the_old_file_or_the_corrected_one(
    spark: SparkSession, both_days: Path, tmp_path: Path, step: str, how: str
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    warehouse = tmp_path / "lake"
    file = Path(shutil.copy(ROOT / "data" / "retail" / f"{DAYS[0]}.csv.gz", landing))
    shutil.copy(ROOT / "data" / "retail" / f"{DAYS[1]}.csv.gz", landing)
    assert go(spark, landing, warehouse, select=["sales_raw"]).status == "ok"
    old = lines_of(spark, warehouse)
    first, *others = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join([first, *others[: len(others) // 2]])))
    go(spark, landing, warehouse, select=["sales_raw"])
    assert lines_of(spark, warehouse) == old
    release_files(Warehouse.at(warehouse), "sales_raw")
    kill_a_run(landing, warehouse, ("sales_raw", step, how), options={"select": ["sales_raw"]})
    new = {**old, file.name: len(others) // 2}
    assert lines_of(spark, warehouse) in (old, new)
    assert go(spark, landing, warehouse, select=["sales_raw"]).status in ("ok", "nothing new")
    assert lines_of(spark, warehouse) == new
    assert go(spark, landing, warehouse, select=["sales_raw"]).status == "nothing new"


def lines_of(spark: SparkSession, warehouse: Path) -> dict[str, int]:
    """How many rows there are of each file."""
    rows = spark.read.format("delta").load(str(warehouse / "bronze/sales_raw"))
    counted = rows.groupBy("_source_file").count().collect()
    return {row["_source_file"].rpartition("/")[2]: row["count"] for row in counted}
