"""A run that replaces days or the rows of changed files is killed after a step: old rows or new ones are there."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import read_yaml_definition, run_pipeline
from tests.faults.killed_process import kill_a_run

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
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
FIRST = [(n, n, f"d{n % 3}") for n in range(9)] + [(90, -5, "d8")]
MORE = [(20, 7, "d1"), (21, 1, "d5"), (22, 9, "d8")]
CASES = [
    (table, step, how)
    for table in ("days", "rates")
    for step in ("batch", "validate", "quarantine", "publish")
    for how in ("group", "python-soon")
]

Rows = list[tuple[int, int, str]]


def sums(rows: Rows) -> tuple[list[Any], list[Any]]:
    """The oracle: the units of each day, those that are set aside beside them."""
    by_day: dict[str, int] = defaultdict(int)
    for _, units, day in rows:
        by_day[day] += units
    found = sorted(by_day.items())
    return [each for each in found if each[1] > 0], [each for each in found if each[1] <= 0]


def land(landing: Path, name: str, rows: Rows) -> None:
    lines = ["id,units,day", *(",".join(map(str, row)) for row in rows)]
    (landing / name).write_text("\n".join(lines) + "\n")


class Place:
    """A definition, a landing folder and a warehouse."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.landing, self.warehouse = folder / "landing", folder / "lake"
        self.file = folder / "parts.yaml"
        self.landing.mkdir(parents=True, exist_ok=True)
        self.file.write_text(DEFINITION)

    def go(self) -> str:
        variables = {"landing": str(self.landing)}
        definition = read_yaml_definition(self.file)
        result = run_pipeline(definition, spark=self.spark, warehouse=self.warehouse, variables=variables)
        assert not result.failures, result.failures
        return result.status

    def killed(self, case: tuple[str, str, str]) -> None:
        kill_a_run(self.landing, self.warehouse, case, options={"definition": str(self.file)})

    def rows(self, table: str, *columns: str) -> list[Any]:
        frame = self.spark.read.format("delta").load(str(self.warehouse / table))
        found = frame.selectExpr(*columns).collect()
        return sorted(map(tuple, found))

    def days(self) -> tuple[list[Any], list[Any]]:
        columns = ("day", "units")
        return self.rows("gold/days", *columns), self.rows("gold/days_quarantine", *columns)

    def rates(self) -> list[Any]:
        return self.rows("bronze/rates", "CAST(id AS int)", "CAST(units AS int)")


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(spark, tmp_path_factory.mktemp("first"))
    land(place.landing, "s1.csv", FIRST)
    land(place.landing, "r1.csv", [(1, 1, "d0"), (2, 2, "d0")])
    land(place.landing, "r2.csv", [(3, 3, "d0")])
    assert place.go() == "ok"
    return place.file.parent


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_killed_replacement_leaves_old_or_new_rows_and_is_done_by_the_next(
    spark: SparkSession, first: Path, tmp_path: Path, case: tuple[str, str, str]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(first, folder)  # a copied project takes nothing twice
    place = Place(spark, folder)
    land(place.landing, "s2.csv", MORE)
    land(place.landing, "r1.csv", [(1, 10, "d0")])
    old, new = sums(FIRST), sums([*FIRST, *MORE])
    place.killed(case)
    kept, _ = place.days()
    assert kept in (old[0], new[0])
    assert place.rates() in ([(1, 1), (2, 2), (3, 3)], [(1, 10), (3, 3)])
    place.go()
    assert place.days() == new
    assert place.rates() == [(1, 10), (3, 3)]
    assert place.go() == "nothing new"
