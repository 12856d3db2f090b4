"""A run is killed while it builds or asks an index of keys: the next one takes each row once, and the index serves."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from indexed_tables import SMALLEST
from pyspark.sql import SparkSession

from lakehouse.pipelines import run_pipeline
from tests.faults.killed_process import kill_a_run
from tests.spark.pipelines.opened_files import counted_readings

pytestmark = [pytest.mark.spark, pytest.mark.slow]

FOLDER = Path(__file__).parent
JOB = FOLDER / "random_keys_job.py"
GIVEN = runpy.run_path(str(JOB))
MOMENTS = ("segments", "manifest", "asking", "validate", "publish")
"""While the index is built: before it is named and after; when it is asked; and behind two steps of the table."""


def keys(batch: int) -> list[str]:
    return [f"{(batch * 1000 + number) * 2654435761 % 2**32:08x}" for number in range(20)]


class Lake:
    """A landing zone and a warehouse; each file brings keys of the ones before again."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.landing, self.warehouse = folder / "landing", folder / "lake"
        self.landing.mkdir(parents=True, exist_ok=True)

    def land(self, batch: int, *again: str) -> None:
        lines = ["id,x", *(f"{key},{batch}" for key in [*keys(batch), *again])]
        (self.landing / f"{batch}.csv").write_text("\n".join(lines) + "\n")

    def go(self) -> str:
        variables = {"landing": str(self.landing)}
        result = run_pipeline(
            GIVEN["pipeline"], spark=self.spark, warehouse=self.warehouse, variables=variables
        )
        assert not result.failures, result.failures
        return result.status

    def killed(self, moment: str) -> None:
        step = moment if moment in ("validate", "publish") else "none"
        kill_a_run(
            self.landing,
            self.warehouse,
            ("kept", step, "group"),
            options={"job": str(JOB)},
            environment={GIVEN["KILLED_AT"]: moment},
        )

    def rows(self) -> list[tuple[str, str]]:
        found = self.spark.read.format("delta").load(str(self.warehouse / "silver/kept"))
        return sorted((row["id"], row["x"]) for row in found.collect())

    def manifests(self) -> list[Path]:
        return list((self.warehouse / "silver/kept/_lakehouse_index").rglob("manifests/*.json"))


def first_of(*batches: int) -> list[tuple[str, str]]:
    """The oracle: each key once, with what came first with it."""
    return sorted((key, str(batch)) for batch in batches for key in keys(batch))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each reading of chosen files opened."""
    counts = counted_readings(monkeypatch)
    for module, name, value in SMALLEST:
        monkeypatch.setattr(module, name, value)
    return counts


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two batches are in the table, and no index is made of them yet."""
    lake = Lake(spark, tmp_path_factory.mktemp("first"))
    for batch in (1, 2):
        lake.land(batch)
        assert lake.go() == "ok"
    return lake.landing.parent


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_its_index_is_finished_by_the_next(
    spark: SparkSession, first: Path, tmp_path: Path, opened: list[int], moment: str
) -> None:
    lake = Lake(spark, Path(shutil.copytree(first, tmp_path / "copy")))
    assert lake.rows() == first_of(1, 2)
    lake.land(3, keys(1)[0], keys(2)[7])
    lake.killed(moment)
    assert lake.rows() == (first_of(1, 2, 3) if moment == "publish" else first_of(1, 2))
    assert len(lake.manifests()) == (0 if moment == "segments" else 1)
    lake.go()
    assert lake.rows() == first_of(1, 2, 3)
    assert lake.go() == "nothing new"
    lake.land(4)
    lake.go()
    opened.clear()
    lake.land(5, keys(3)[3])
    lake.go()
    assert lake.rows() == first_of(1, 2, 3, 4, 5)
    assert opened == [1, 1]  # the file of the fourth batch for its index, and the one that has the key
