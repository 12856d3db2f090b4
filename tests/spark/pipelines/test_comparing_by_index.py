"""Keys that bounds can't tell apart are compared by an index, which may be lost or damaged at any time."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, RunListener, from_files, read
from lakehouse.pipelines.refresh import rows_by_key
from lakehouse.tables.key_index import asking, narrowing
from tests.spark.pipelines.landing import Lake
from tests.spark.pipelines.opened_files import counted_readings

pytestmark = pytest.mark.spark

PIPELINE = (
    DeclarativePipelineBuilder("random keys")
    .variable("landing", default="none")
    .bronze("raw", from_files("${landing}/*.csv", columns=("id", "x")))
    .silver("kept", read("raw", incremental=True).cast({"x": "double"}).deduplicate("id", "x").append())
    .build()
)


class RandomKeys(Lake):
    """Lands rows with random keys, and knows which ones the table must hold."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        super().__init__(spark, folder)
        self.expected: set[tuple[str, str]] = set()
        self._numbers = iter(range(1_000))

    def land_rows(self, *again: tuple[str, str], new: int = 20) -> list[tuple[str, str]]:
        rows = [(str(uuid.uuid4()), "0.0") for _ in range(new)]
        self.land(f"{next(self._numbers):03}.csv", *rows, *again, header="id,x")
        self.expected |= {*rows, *((key, x.lstrip("-")) for key, x in again)}
        return rows

    def run_and_check(self, **options: RunListener) -> None:
        result = self.run(PIPELINE, **options)
        assert not result.failures, result.failures
        assert {(key, str(x)) for key, x in self.rows("silver/kept", "id", "x")} == self.expected
        assert len(self.rows("silver/kept")) == len(self.expected)

    @property
    def index(self) -> Path:
        return self.warehouse / "silver" / "kept" / "_lakehouse_index"

    def segments(self) -> list[Path]:
        return sorted(self.index.rglob("*.keys"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each reading of chosen files opened; every table and file is worth an index."""
    counts = counted_readings(monkeypatch)
    monkeypatch.setattr(rows_by_key, "_FEW_FILES", 0)
    monkeypatch.setattr(narrowing, "_WORTH_BYTES", 1)
    monkeypatch.setattr(narrowing, "_BUILT_FROM_BYTES", 1)
    return counts


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> RandomKeys:
    return RandomKeys(spark, tmp_path)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


@pytest.mark.slow
def test_new_keys_open_no_file_and_a_key_that_comes_again_opens_its_own(
    lake: RandomKeys, opened: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lake.land_rows()
    lake.run_and_check()
    lake.land_rows()
    lake.run_and_check()
    assert opened == [1]  # for its index
    monkeypatch.setattr(asking, "_HERE_ROWS", -1)  # asked by the executors
    lake.land_rows(first[0], (first[1][0], "-0.0"))
    lake.run_and_check()
    assert opened == [1, 1, 1]
    assert len(lake.segments()) == 2


@pytest.mark.slow
def test_whatever_becomes_of_the_index_no_row_comes_twice(lake: RandomKeys, opened: list[int]) -> None:
    first, second = lake.land_rows(), []
    lake.run_and_check()
    for _ in range(2):
        second = lake.land_rows()
        lake.run_and_check()
    backup = lake.warehouse.parent / "backup"
    shutil.copytree(lake.warehouse / "silver" / "kept", backup)
    faults: list[Callable[[], object]] = [
        lambda: cut(lake.segments()[0]),
        lambda: lake.segments()[1].unlink(),
        lambda: shutil.copy(lake.segments()[2], lake.segments()[0]),
        lambda: [cut(file) for file in lake.index.rglob("*.json")],
        lambda: shutil.rmtree(lake.index),
    ]
    for fault in faults:
        fault()
        lake.land_rows(*first[:3], second[1], new=5)
        lake.run_and_check()

    # The table comes back from a backup, and its index is that of what it was.
    now = lake.index.rename(lake.warehouse.parent / "index")
    shutil.rmtree(lake.warehouse / "silver" / "kept")
    shutil.copytree(backup, lake.warehouse / "silver" / "kept")
    shutil.rmtree(lake.index)
    shutil.copytree(now, lake.index)
    lake.land_rows(*first[:3], new=5)
    lake.run_and_check()


class Killed(RunListener):
    """Ends the run when the table's rows are compared, and nothing of them is published."""

    def step_done(self, table: str, step: str) -> None:
        if (table, step) == ("kept", "validate"):
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_run_that_ends_between_index_and_commit_is_gone_on_with(
    lake: RandomKeys, opened: list[int]
) -> None:
    first = lake.land_rows()
    lake.run_and_check()
    lake.land_rows(first[0])
    with pytest.raises(KeyboardInterrupt):
        lake.run(PIPELINE, listener=Killed())
    assert len(lake.segments()) == 1
    lake.run_and_check()
    assert len(lake.segments()) == 1
