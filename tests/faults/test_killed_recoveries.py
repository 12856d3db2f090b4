"""A run that rebuilds tables, or takes a corrected file, is killed after a step: readers have old rows or new ones."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import Warehouse, release_files
from tests.faults.small_lake import Rows, SmallLake

pytestmark = [pytest.mark.spark, pytest.mark.slow]

DEFINITION = """\
name: shop
variables: {landing: none}
schemas: {sold: {id: int, units: int, day: string}}
tables:
  - name: raw
    layer: bronze
    flow: {from_files: {pattern: "${landing}/*.csv", columns: sold}}
    write: append
  - name: sales
    layer: silver
    flow:
      read: {table: raw, incremental: true}
      steps: [{cast: {schema: sold}}, {deduplicate: {}}]
      expect_or_quarantine: {sold: "units > 0"}
    write: append
  - name: days
    layer: gold
    flow: {read: {table: sales}, steps: [{aggregate: {by: day, measures: {units: sum(units)}}}]}
    write: replace
"""
FIRST: Rows = [(n, 1 + n % 4, f"d{n % 3}") for n in range(9)] + [(0, 1, "d0"), (90, -5, "d1")]
SECOND: Rows = [(n, 2 + n % 5, f"d{n % 4}") for n in range(20, 27)] + [(3, 4, "d0"), (91, 0, "d3")]
PATHS = {
    "raw": ("bronze/raw",),
    "sales": ("silver/sales", "silver/sales_quarantine"),
    "days": ("gold/days",),
}
STEPS = ("batch", "validate", "quarantine", "publish")
HOW = ("group", "python-soon")
REBUILD: dict[str, Any] = {"full_refresh": ["raw+"], "accept_loss": True}

Tables = dict[str, list[Any]]


def tables_of(*files: Rows) -> Tables:
    """The oracle: what the tables hold of these files."""
    raw = [row for rows in files for row in rows]
    sold = {row for row in raw if row[1] > 0}
    by_day: dict[str, int] = defaultdict(int)
    for _, units, day in sold:
        by_day[day] += units
    return {
        "bronze/raw": sorted(raw),
        "silver/sales": sorted(sold),
        "silver/sales_quarantine": sorted(set(raw) - sold),
        "gold/days": sorted(by_day.items()),
    }


def tables_in(lake: SmallLake) -> Tables:
    sold = ("CAST(id AS int)", "CAST(units AS int)", "day")
    columns = {path: ("day", "units") if path == "gold/days" else sold for path in tables_of()}
    return {path: lake.rows(path, *names) for path, names in columns.items()}


@pytest.fixture(scope="module")
def filled(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that have both files."""
    lake = SmallLake(spark, tmp_path_factory.mktemp("filled"), DEFINITION)
    lake.land("1.csv", FIRST)
    lake.land("2.csv", SECOND)
    assert lake.go() == "ok"
    assert tables_in(lake) == tables_of(FIRST, SECOND)
    return lake.folder


@pytest.fixture
def lake(spark: SparkSession, filled: Path, tmp_path: Path) -> SmallLake:
    """A copy of them."""
    return SmallLake(spark, Path(shutil.copytree(filled, tmp_path / "copy")), DEFINITION)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("table", PATHS)
def test_a_killed_rebuild_leaves_old_or_new_rows_and_is_done_by_the_next(
    lake: SmallLake, table: str, step: str, how: str
) -> None:
    (lake.landing / "1.csv").unlink()
    old, new = tables_of(FIRST, SECOND), tables_of(SECOND)
    lake.killed((table, step, how), **REBUILD)
    for path, rows in tables_in(lake).items():
        assert rows in (old[path], new[path]), path
    lake.attempt()  # finishes the table that was in work; those that read it may ask to be rebuilt
    found = tables_in(lake)
    assert {path: found[path] for path in PATHS[table]} == {path: new[path] for path in PATHS[table]}
    assert lake.go(**REBUILD) == "ok"
    assert tables_in(lake) == new
    assert lake.go() == "nothing new"


def rows_by_file(lake: SmallLake) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for file, *row in lake.rows("bronze/raw", "_source_file", "CAST(id AS int)", "CAST(units AS int)", "day"):
        found[file.rpartition("/")[2]].append(tuple(row))
    return found


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_release_leaves_the_old_file_or_the_corrected_one(
    lake: SmallLake, step: str, how: str
) -> None:
    only: dict[str, Any] = {"select": ["raw"]}
    corrected = [*FIRST[:4], (5, 50, "d9")]
    old = {"1.csv": sorted(FIRST), "2.csv": sorted(SECOND)}
    new = {**old, "1.csv": sorted(corrected)}
    lake.land("1.csv", corrected)
    lake.attempt(**only)
    assert rows_by_file(lake) == old, "it is set aside until somebody releases it"
    release_files(Warehouse.at(lake.warehouse), "raw")
    lake.killed(("raw", step, how), **only)
    assert rows_by_file(lake) in (old, new)
    assert lake.go(**only) in ("ok", "nothing new")
    assert rows_by_file(lake) == new
    assert lake.go(**only) == "nothing new"
