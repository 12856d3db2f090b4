"""A run over a feed of changes stops after any step, or meets others at work: its tables are those of a calm run."""

from __future__ import annotations

import runpy
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import RunListener, RunResult, run_pipeline
from tests.faults.killed_process import kill_a_run

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]

FOLDER = Path(__file__).parent
JOB = FOLDER / "change_job.py"
PIPELINE = runpy.run_path(str(JOB))["pipeline"]
TABLES = ("now", "history", "versions")
STEPS = ("batch", "validate", "quarantine", "changes", "publish")

FIRST = ["1,1,U,a", "2,1,U,b", "3,1,U,c", "4,3,U,d"]
SECOND = ["1,2,D,", "2,2,U,z", "3,1,U,x", "4,2,U,e", ",1,U,f", "5,1,U,g", "5,1,U,g"]
"""A delete, an update, a contradiction of what is there, a late change, one without a key, and one twice."""

NOW = [(2, 2, "z"), (4, 3, "d"), (5, 1, "g")]
HISTORY = [
    (1, "a", 1, 2),
    (2, "b", 1, 2),
    (2, "z", 2, None),
    (4, "d", 3, None),
    (4, "e", 2, 3),
    (5, "g", 1, None),
]
QUARANTINED = [(3, 1, "c"), (3, 1, "x"), (None, 1, "f")]


class Lake:
    """A landing zone with two files, and a warehouse that has taken the first."""

    def __init__(self, spark: SparkSession, landing: Path, warehouse: Path) -> None:
        self.spark = spark
        self.landing, self.warehouse = landing, warehouse

    def land(self, name: str, lines: list[str]) -> None:
        self.landing.mkdir(parents=True, exist_ok=True)
        (self.landing / name).write_text("\n".join(["id,at,op,a", *lines]) + "\n", encoding="utf-8")

    def go(self, listener: RunListener | None = None, *, exclusive: bool = True) -> RunResult:
        return run_pipeline(
            PIPELINE,
            spark=self.spark,
            warehouse=self.warehouse,
            variables={"landing": str(self.landing)},
            listener=listener,
            exclusive=exclusive,
        )

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        frame = self.spark.read.format("delta").load(str(self.warehouse / table)).select(*columns)
        return sorted((tuple(row) for row in frame.collect()), key=repr)

    def check(self) -> None:
        assert self.rows("silver/now", "id", "at", "a") == sorted(NOW, key=repr)
        assert self.rows("silver/history", "id", "a", "__START_AT", "__END_AT") == sorted(HISTORY, key=repr)
        for table in ("now", "history"):
            found = self.rows(f"silver/{table}_quarantine", "id", "at", "a")
            assert found == sorted(QUARANTINED, key=repr)
        current = [row[0] for row in self.rows("gold/versions", "id", "__END_AT") if row[1] is None]
        assert current == sorted(row[0] for row in NOW)


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("changes")
    lake = Lake(spark, folder / "landing", folder / "lake")
    lake.land("1.csv", FIRST)
    assert lake.go().status == "ok"
    lake.land("2.csv", SECOND)
    return lake


@pytest.fixture
def lake(spark: SparkSession, first: Lake, tmp_path: Path) -> Lake:
    return Lake(spark, first.landing, Path(shutil.copytree(first.warehouse, tmp_path / "lake")))


class Stop(RunListener):
    """Stops the run after a step of each of the tables."""

    def __init__(self, step: str) -> None:
        self._step = step

    def step_done(self, table: str, step: str) -> None:
        if step == self._step and table in TABLES:
            raise RuntimeError("stopped")


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_stops_after_a_step_is_finished_by_the_next(lake: Lake, step: str) -> None:
    lake.go(Stop(step))
    lake.go()
    lake.check()
    assert lake.go().status == "nothing new"


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("table", TABLES)
def test_a_run_that_is_killed_after_a_step_is_finished_by_the_next(lake: Lake, table: str, step: str) -> None:
    kill_a_run(lake.landing, lake.warehouse, (table, step, "group"), options={"job": str(JOB)})
    is_last = (table, step) == (TABLES[-1], STEPS[-1])
    assert lake.go().status == ("nothing new" if is_last else "ok")
    lake.check()


@pytest.mark.slow
def test_two_runs_at_once_make_what_one_makes(lake: Lake) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: lake.go(exclusive=False), range(2)))
    assert lake.go().status in ("ok", "nothing new")
    lake.check()


@pytest.mark.slow
def test_another_writer_between_two_runs_takes_away_what_it_deletes_and_nothing_else(lake: Lake) -> None:
    for statement in ("OPTIMIZE {}", "DELETE FROM {} WHERE id = 4", "UPDATE {} SET a = 'B' WHERE id = 2"):
        lake.spark.sql(statement.format(f"delta.`{lake.warehouse}/silver/now`"))
    assert lake.go().status == "ok"
    # The row that is gone tells no more how new it was: the late change is the newest one that is known.
    assert lake.rows("silver/now", "id", "at", "a") == [(2, 2, "z"), (4, 2, "e"), (5, 1, "g")]
