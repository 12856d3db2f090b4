"""A run that replaces days or the rows of changed files is killed after a step: old rows or new ones are there."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.faults.small_lake import Rows, SmallLake

pytestmark = [pytest.mark.spark, pytest.mark.slow]

DEFINITION = """\
name: parts
variables: {landing: none}
tables:
  - name: raw
    layer: bronze
    flow: {from_files: {pattern: "${landing}/s*.csv", columns: [id, units, day]}}
    write: append
  - name: days
    layer: gold
    flow:
      read: {table: raw}
      steps: [{aggregate: {by: [day], measures: {units: sum(CAST(units AS int))}}}]
      expect_or_quarantine: {positive: "units > 0"}
    write: {replace_where: day}
  - name: rates
    layer: bronze
    flow: {from_files: {pattern: "${landing}/r*.csv", columns: [id, units, day], on_rewritten: replace}}
    write: append
"""
FIRST: Rows = [(n, n, f"d{n % 3}") for n in range(9)] + [(90, -5, "d8")]
MORE: Rows = [(20, 7, "d1"), (21, 1, "d5"), (22, 9, "d8")]
CASES = [
    (table, step, how)
    for table in ("days", "rates")
    for step in ("batch", "validate", "quarantine", "publish")
    for how in ("group", "python-soon")
]


def sums(rows: Rows) -> tuple[list[Any], list[Any]]:
    """The oracle: the units of each day, those that are set aside beside them."""
    by_day: dict[str, int] = defaultdict(int)
    for _, units, day in rows:
        by_day[day] += units
    found = sorted(by_day.items())
    return [each for each in found if each[1] > 0], [each for each in found if each[1] <= 0]


def days(lake: SmallLake) -> tuple[list[Any], list[Any]]:
    columns = ("day", "units")
    return lake.rows("gold/days", *columns), lake.rows("gold/days_quarantine", *columns)


def rates(lake: SmallLake) -> list[Any]:
    return lake.rows("bronze/rates", "CAST(id AS int)", "CAST(units AS int)")


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = SmallLake(spark, tmp_path_factory.mktemp("first"), DEFINITION)
    lake.land("s1.csv", FIRST)
    lake.land("r1.csv", [(1, 1, "d0"), (2, 2, "d0")])
    lake.land("r2.csv", [(3, 3, "d0")])
    assert lake.go() == "ok"
    return lake.folder


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_killed_replacement_leaves_old_or_new_rows_and_is_done_by_the_next(
    spark: SparkSession, first: Path, tmp_path: Path, case: tuple[str, str, str]
) -> None:
    folder = Path(shutil.copytree(first, tmp_path / "copy"))  # a copied project takes nothing twice
    lake = SmallLake(spark, folder, DEFINITION)
    lake.land("s2.csv", MORE)
    lake.land("r1.csv", [(1, 10, "d0")])
    old, new = sums(FIRST), sums([*FIRST, *MORE])
    lake.killed(case)
    kept, _ = days(lake)
    assert kept in (old[0], new[0])
    assert rates(lake) in ([(1, 1), (2, 2), (3, 3)], [(1, 10), (3, 3)])
    lake.go()
    assert days(lake) == new
    assert rates(lake) == [(1, 10), (3, 3)]
    assert lake.go() == "nothing new"
