"""Rows of every format in Spark: those of Spark's own readers where it has one, and what Python reads elsewhere."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import Accepted, FileFormat, JsonLinesFormat, OrcFormat, ParquetFormat, file_format
from lakehouse.pipelines import DeclarativePipelineBuilder, Warehouse, from_files, run_pipeline
from lakehouse.quality import as_struct

pytestmark = pytest.mark.spark

NOW = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DDL = (
    "id bigint, name string, price decimal(10,2), at timestamp, local timestamp_ntz, day date,"
    " items array<struct<sku:string,qty:int>>"
)


def accepted(file_format: FileFormat, path: Path) -> Accepted:
    with path.open("rb") as stream:
        found = file_format.inspect(stream, name=str(path))
    assert isinstance(found, Accepted), found
    return found


def test_spark_gives_the_rows_of_its_own_readers(spark: SparkSession, tmp_path: Path) -> None:
    made = spark.sql(
        "SELECT id, concat('n', id) AS name, CAST(id / 4 AS decimal(10,2)) AS price,"
        " timestamp'2011-01-04 10:00:00.123456' + make_interval(0,0,0,0,id) AS at,"
        " timestamp_ntz'2011-01-04 10:00:00' AS local, date_add(date'2011-01-04', CAST(id AS int)) AS day,"
        " IF(id = 3, NULL, array(struct(concat('s', id) AS sku, CAST(id AS int) AS qty))) AS items FROM range(5)"
    ).coalesce(1)
    written = {"parquet": ParquetFormat, "orc": OrcFormat, "json": JsonLinesFormat}
    for kind, cls in written.items():
        columns = DDL
        if kind == "json":  # Spark's reader would round it
            columns = DDL.replace("price decimal(10,2)", "price string")
        if kind == "orc":  # Spark writes local times as moments there
            columns = DDL.replace("local timestamp_ntz, ", "")
        made.select(*as_struct(columns).names).write.format(kind).save(str(tmp_path / kind))
        (path,) = [each for each in (tmp_path / kind).iterdir() if each.name.startswith("part-")]
        typed = cls(columns=columns)
        rows = typed.read(spark, {str(path): accepted(typed, path)}, ingested_at=NOW)
        own = [name for name in rows.columns if not name.startswith("_")]
        expected = spark.read.schema(columns).format(kind).load(str(path)).select(*own).collect()
        assert sorted(rows.select(*own).collect()) == sorted(expected), kind
        (about,) = rows.select("_source_file", "_rescued_data").distinct().collect()
        assert tuple(about) == (path.as_uri().replace("file://", "file:"), None)


def test_a_pipeline_takes_json_lines_and_sets_aside_what_it_can_not_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing = tmp_path / "in"
    landing.mkdir()
    lines = [{"id": 1, "items": [{"sku": "a", "qty": 2}]}, {"id": "x", "items": [], "note": 1}]
    (landing / "good.jsonl").write_text("\n".join([*map(json.dumps, lines), '{"id": 2, "it']))
    (landing / "bad.jsonl").write_bytes(b"\xff\xfe")
    flow = from_files(
        f"{landing}/*.jsonl",
        format="json_lines",
        columns={"id": "bigint", "items": "array<struct<sku:string,qty:int>>"},
    ).append()
    pipeline = DeclarativePipelineBuilder("orders").bronze("raw", flow).build()
    warehouse = Warehouse.at(str(tmp_path / "lake"))
    result = run_pipeline(pipeline, spark=spark, warehouse=warehouse)
    assert result.failures == ()
    rows = spark.read.format("delta").load(warehouse.path_of("bronze", "raw")).orderBy("id").collect()
    kept = [(row.id, row["items"], json.loads(row._rescued_data or "{}")) for row in rows]
    assert sorted(kept, key=str) == sorted(
        [
            (1, [("a", 2)], {}),
            (None, [], {"id": "x", "note": 1}),
            (None, None, {"_malformed_row": '{"id": 2, "it'}),
        ],
        key=str,
    )
    (aside,) = spark.read.format("delta").load(warehouse.path_of("bronze", "raw_quarantine")).collect()
    assert aside._source_file.endswith("bad.jsonl")
    assert "it is not UTF-8" in aside._errors[0].message
    assert run_pipeline(pipeline, spark=spark, warehouse=warehouse).failures == ()
    assert spark.read.format("delta").load(warehouse.path_of("bronze", "raw")).count() == 3


def test_every_format_reads_the_same_in_tasks_and_without_spark(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a><r><id>1</id><x y='1'>z</x></r></a>")
    (tmp_path / "a.txt").write_text("a\nü\n")
    (tmp_path / "a.bin").write_bytes(b"\x00\x01")
    (tmp_path / "a.fix").write_text("  1ab\n  2\n")
    (tmp_path / "a.json").write_text('{"rows": [{"id": 1}, {"id": "b"}]}')
    options = {
        "a.xml": ("xml", {"row_tag": "r", "columns": {"id": "int", "x": "struct<_y:int,_VALUE:string>"}}),
        "a.txt": ("text", {}),
        "a.bin": ("binary", {}),
        "a.fix": ("fixed_width", {"places": {"id": (0, 3), "n": (3, 5)}}),
        "a.json": ("json", {"columns": {"id": "int"}, "records": "rows"}),
    }
    for name, (word, given) in options.items():
        made, path = file_format(word, given), tmp_path / name
        found = accepted(made, path)
        frame = made.read(spark, {str(path): found}, ingested_at=NOW).drop("_source_file", "_ingested_at")
        with path.open("rb") as stream:
            plain = [
                row for each in made.batches(stream, name=str(path), found=found) for row in each.to_pylist()
            ]
        assert sorted([row.asDict(recursive=True) for row in frame.collect()], key=str) == sorted(
            plain, key=str
        ), name
