"""A Bronze table goes on from landing to runs and back: each file once, whoever takes it, whoever is stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    RunListener,
    Warehouse,
    from_files,
    land,
    run_pipeline,
)
from tests.stopping import StopAfter

pytestmark = pytest.mark.spark


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
        schema_changes="evolve",
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
        land_now(listener=StopAfter("quarantine", error=KeyboardInterrupt))
    run()  # finishes what was landed
    put("c", {"id": 3, "later": "x", "items": [{"sku": "y"}]}, {"id": "z"})
    with pytest.raises(KeyboardInterrupt):
        run_pipeline(
            pipeline, spark=spark, warehouse=warehouse, listener=StopAfter("batch", error=KeyboardInterrupt)
        )
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


def test_a_column_grows_by_runs_and_by_landings(spark: SparkSession, tmp_path: Path) -> None:
    landing = tmp_path / "in"
    landing.mkdir()
    flow = from_files(
        f"{landing}/*", format="parquet", columns={"id": "bigint"}, schema_changes="evolve", at_rest_seconds=0
    )
    pipeline = DeclarativePipelineBuilder("p").bronze("raw", flow).build()
    warehouse = Warehouse.at(tmp_path / "lake")

    def take(name: str, held: pa.DataType, value: object, *, by_spark: bool) -> None:
        rows = pa.table(
            {"id": pa.array([1], pa.int64()), "x": pa.array([{"m": value}], pa.struct([("m", held)]))}
        )
        pq.write_table(rows, landing / name)
        if by_spark:
            assert run_pipeline(pipeline, spark=spark, warehouse=warehouse).failures == ()
        else:
            assert land(pipeline, "raw", warehouse=warehouse, processes=1).failures == ()

    take("a", pa.int16(), 1, by_spark=True)
    take("b", pa.int32(), 1 << 20, by_spark=True)
    take("c", pa.int64(), 1 << 40, by_spark=False)
    take("d", pa.int16(), 2, by_spark=True)
    path = warehouse.path_of("bronze", "raw")
    rows = spark.read.format("delta").load(path)
    assert rows.schema["x"].dataType.simpleString() == "struct<m:bigint>"
    expected = [1, 2, 1 << 20, 1 << 40]
    assert sorted(row.x.m for row in rows.collect()) == expected
    assert sorted(row["x"]["m"] for row in Snapshot.load(path).to_arrow().to_pylist()) == expected
    assert rows.where("_rescued_data IS NOT NULL").count() == 0
