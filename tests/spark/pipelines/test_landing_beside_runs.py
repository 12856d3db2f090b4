"""A Bronze table goes on from landing to runs and back: each file once, whoever takes it, whoever is stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    RunListener,
    Warehouse,
    from_files,
    land,
    run_pipeline,
)

pytestmark = pytest.mark.spark


class StopAfter(RunListener):
    """Ends the run after a step, as a kill does."""

    def __init__(self, step: str) -> None:
        self._step = step

    def step_done(self, table: str, step: str) -> None:
        if step == self._step:
            raise KeyboardInterrupt


def test_landing_and_runs_go_on_with_each_other(spark: SparkSession, tmp_path: Path) -> None:
    landing = tmp_path / "in"

    def put(name: str, *records: object) -> None:
        (landing / f"day={name[0]}").mkdir(parents=True, exist_ok=True)
        (landing / f"day={name[0]}" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)))

    flow = from_files(
        f"{landing}/**/*.jsonl",
        format="json_lines",
        columns={"id": "bigint", "items": "array<struct<sku:string>>", "at": "timestamp"},
        optional=["items", "at"],
        path_columns=["day"],
        new_columns="evolve",
        max_files=50,
    )
    pipeline = DeclarativePipelineBuilder("p").bronze("raw", flow).build()
    warehouse = Warehouse.at(tmp_path / "lake")

    def run() -> None:
        assert run_pipeline(pipeline, spark=spark, warehouse=warehouse).failures == ()

    def land_now(**options: RunListener) -> None:
        assert land(pipeline, "raw", warehouse=warehouse, processes=1, **options).failures == ()

    put("a+1", {"id": 1, "items": [{"sku": "x"}], "at": "2011-01-04T10:00:00Z"})
    put("bad", "no object")
    land_now()
    put("b", {"id": 2, "late": 1.5})
    with pytest.raises(KeyboardInterrupt):
        land_now(listener=StopAfter("quarantine"))
    run()  # finishes what was landed
    put("c", {"id": 3, "later": "x", "items": [{"sku": "y"}]}, {"id": "z"})
    with pytest.raises(KeyboardInterrupt):
        run_pipeline(pipeline, spark=spark, warehouse=warehouse, listener=StopAfter("batch"))
    land_now()  # finishes what a run decided
    put("d", {"id": 4})
    run()
    land_now()
    run()
    rows = spark.read.format("delta").load(warehouse.path_of("bronze", "raw")).collect()
    found = [(row.id, row.day, row.late, row.later, row["items"] and row["items"][0].sku) for row in rows]
    assert sorted(found, key=str) == sorted(
        [
            (1, "a", None, None, "x"),
            (2, "b", 1.5, None, None),
            (3, "c", None, "x", "y"),
            (None, "c", None, None, None),
            (4, "d", None, None, None),
        ],
        key=str,
    )
    aside = spark.read.format("delta").load(warehouse.path_of("bronze", "raw_quarantine")).collect()
    assert [Path(row._source_file).name for row in aside] == ["bad.jsonl"]
