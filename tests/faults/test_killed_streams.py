"""A stream is killed after a step, for real: whatever goes on then, no row is lost and none is there twice."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import Warehouse, run_pipeline, stream_pipeline, stream_statuses
from tests.faults.killed_process import killed
from tests.spark.pipelines.streamed_orders import contents, expected, land, orders, streamed_orders

pytestmark = [pytest.mark.spark, pytest.mark.slow]

GIVEN = orders(random.Random(11), 60)
CASES = [
    ("continuous", "raw", "batch", "group"),
    ("continuous", "merged", "validate", "python-soon"),
    ("continuous", "history", "quarantine", "group"),
    ("continuous", "days", "publish", "python-soon"),
    ("continuous", "", "events", "group"),
    ("continuous", "current", "publish", "python"),
    ("available-now", "timed", "batch", "python-soon"),
    ("available-now", "raw", "validate", "group"),
    ("available-now", "merged", "quarantine", "group"),
    ("available-now", "history", "publish", "group"),
    ("available-now", "", "events", "group"),
]
"""Each step in each mode, of tables that are written in every way."""
BESIDE = {
    "raw": ("appended",),
    "days": ("raw", "appended"),
    "": ("raw", "appended", "merged", "days"),
}
"""The tables that are refreshed beside that of a case: others than these would only take time."""


@pytest.fixture(scope="module")
def half(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse that has streamed the first half of the files."""
    home = tmp_path_factory.mktemp("half") / "home"
    (home / "landing").mkdir(parents=True)
    land(home / "landing", "a", GIVEN[:30])
    variables = {"landing": str(home / "landing")}
    stream_pipeline(
        streamed_orders(), spark=spark, warehouse=home / "lake", mode="available-now", variables=variables
    )
    land(home / "landing", "b", GIVEN[30:])
    return home


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_stream_killed_after_any_step_is_gone_on_with(
    spark: SparkSession, half: Path, tmp_path: Path, case: tuple[str, str, str, str]
) -> None:
    landing, lake, (mode, table, *rest) = half / "landing", tmp_path / "lake", case
    shutil.copytree(half / "lake", lake)
    chosen = [*BESIDE.get(table, ("raw",)), *([table] if table else [])]
    killed("killed_stream.py", mode, str(landing), str(lake), ",".join(chosen), table, *rest)
    (status,) = stream_statuses(Warehouse.at(lake))
    assert status.state == "died"
    common: dict[str, Any] = {
        "spark": spark,
        "warehouse": lake,
        "variables": {"landing": str(landing)},
        "select": chosen,
    }
    if random.Random(str(case)).random() < 0.5:  # a lost checkpoint, too
        shutil.rmtree(lake / "system/checkpoints/streamed/bronze/raw/spark", ignore_errors=True)
    result = stream_pipeline(streamed_orders(), mode="available-now", **common)
    assert not result.failures
    found, rows = contents(lake), expected([GIVEN[:30], GIVEN[30:]])
    mine = {name for name in rows if name.removesuffix("_quarantine") in chosen}
    assert {name: found[name] for name in mine} == {name: rows[name] for name in mine}
    assert mine, chosen
    assert run_pipeline(streamed_orders(), **common).status == "nothing new"
