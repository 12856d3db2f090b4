"""What the nodes' caches did stands in a run's events. Fetches are counted by the server they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from lakehouse.cache import NodeStatistics, cache_statistics
from lakehouse.cli import main
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    EventLog,
    Warehouse,
    from_files,
    read,
    run_pipeline,
)
from lakehouse.pipelines.record.cache_use import CacheUse
from tests.spark.counting_server import CountingServer, body_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

TASKS = 6


def pipeline_that_looks_up(address: str) -> Any:
    """One table without the cache, and one each of whose tasks opens the same file."""

    def look_up(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from lakehouse.cache import on_node

        def fetch(target: IO[bytes]) -> None:
            with urlopen(f"{address}/rates") as response:
                target.write(response.read())

        on_node().files.open(f"{address}/rates", "1", fetch).close()
        yield from batches

    def in_tasks(frame: DataFrame) -> DataFrame:
        return frame.repartition(TASKS).mapInArrow(look_up, frame.schema)

    return (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="")
        .bronze("raw", from_files("${landing}/*.csv", columns=["x"]))
        .silver("rated", read("raw").select("x").transform(in_tasks).replace())
        .build()
    )


def test_a_run_s_hits_and_fetches_stand_in_its_events_and_in_history(
    cached_spark: SparkSession, tmp_path: Path, warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "a.csv").write_text("x\n" + "\n".join(map(str, range(100))) + "\n")
    with CountingServer().running() as server:
        definition = pipeline_that_looks_up(server.address)

        def run(*select: str) -> NodeStatistics | None:
            variables = {"landing": str(landing)}
            result = run_pipeline(
                definition, spark=cached_spark, warehouse=warehouse, variables=variables, select=select
            )
            assert result.failures == ()
            return result.cache

        assert run("raw") is None, "this table uses no cache"
        first = run("rated")
        assert first is not None
        (landing / "b.csv").write_text("x\n1\n")
        again = run()
        assert again is not None
        assert dict(server.gets) == {"/rates": 1}
    assert (first.fetches, first.fetched_bytes) == (1, len(body_of("/rates")))
    assert again.fetches == 0
    opened = cache_statistics(cached_spark)
    assert first.file_hits + again.file_hits + first.file_waits + first.fetches == (
        opened.file_hits + opened.file_waits + opened.fetches
    )
    events = EventLog(Warehouse.at(warehouse)).read().to_pylist()
    rows = [event for event in events if event["kind"] == "cache"]
    assert sorted(json.loads(row["details"])["fetches"] for row in rows) == [0, 1]
    capsys.readouterr()
    assert main(["history", "--warehouse", str(warehouse)]) == 0
    shown = capsys.readouterr().out
    assert f"{again.file_hits} hits, 0 fetches of 0 bytes" in shown
    assert f"{first.file_hits + first.file_waits} hits, 1 fetches of {first.fetched_bytes:,} bytes" in shown


def test_a_cache_deleted_in_the_middle_of_a_run_counts_from_there(
    cached_spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = [NodeStatistics(fetches=9), NodeStatistics(fetches=2)]
    monkeypatch.setattr(
        "lakehouse.pipelines.record.cache_use.cache_statistics", lambda spark: readings.pop(0)
    )
    assert CacheUse(cached_spark).so_far() == NodeStatistics(fetches=2)


def test_statistics_that_can_t_be_read_fail_no_run(
    cached_spark: SparkSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(spark: SparkSession) -> NodeStatistics:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lakehouse.pipelines.record.cache_use.cache_statistics", fail)
    assert CacheUse(cached_spark).so_far() is None
    assert "Permission denied" in caplog.text
