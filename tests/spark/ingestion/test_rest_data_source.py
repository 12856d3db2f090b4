"""``spark.read.format("lakehouse.rest")``: records and failures as rows; a LIMIT leaves nothing in flight."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from rest_api_server import ApiServer, Fault

from lakehouse.ingestion import RestDataSource

pytestmark = pytest.mark.spark


@pytest.fixture
def api() -> Iterator[ApiServer]:
    records = [{"id": n, "updated_at": f"2026-01-{1 + n // 10:02}T{n % 10:02}:00"} for n in range(95)]
    with ApiServer({"orders": records}).running() as server:
        yield server


def frame_of(spark: SparkSession, api: ApiServer, **options: str) -> DataFrame:
    spark.dataSource.register(RestDataSource)
    given = {
        "url": api.url,
        "endpoints": "page/orders",
        "pagination": "page",
        "limits.concurrency": "4",
        **options,
    }
    return spark.read.format("lakehouse.rest").options(**given).load()


def ids_of(frame: DataFrame) -> list[int]:
    return sorted(json.loads(row["record"])["id"] for row in frame.where("record IS NOT NULL").collect())


def test_records_and_failures_are_rows_and_too_many_failures_fail_the_query(
    spark: SparkSession, api: ApiServer
) -> None:
    assert ids_of(frame_of(spark, api, **{"pagination.size": "10", "limits.tasks": "3"})) == list(range(95))
    assert set(api.given.values()) == {1}
    api.always = {"/page/orders?page=2": Fault(status=404, body=b"gone")}
    rows = frame_of(spark, api, **{"limits.max_failure_ratio": "0.5"})
    assert ids_of(rows) == [n for n in range(95) if n // 10 != 1]
    (failure,) = rows.where("_error IS NOT NULL").collect()
    assert failure.asDict() == {
        "record": None,
        "_source_url": f"{api.url}/page/orders?page=2",
        "_status": 404,
        "_attempts": 1,
        "_error": "status 404 Not Found",
        "_payload": "gone",
    }
    with pytest.raises(PySparkException, match=r"more than max_failure_ratio=0.05 allows; the first: "):
        frame_of(spark, api, **{"limits.tasks": "1"}).collect()
    with pytest.raises(PySparkException, match="use from_json"):
        spark.read.format("lakehouse.rest").schema("id long").options(url=api.url).load().collect()


def test_a_limit_stops_the_requests_and_closes_the_sockets(spark: SparkSession, api: ApiServer) -> None:
    api.lists = {"orders": [{"id": n, "text": "x" * 100_000} for n in range(5_000)]}
    frame = frame_of(spark, api, **{"limits.tasks": "1"})
    assert len(frame.limit(5).collect()) == 5
    until = time.monotonic() + 10
    while api.open_sockets and time.monotonic() < until:
        time.sleep(0.05)
    asked = len(api.asked)
    time.sleep(0.3)
    assert (api.open_sockets, len(api.asked)) == (0, asked)
    assert asked < 100


def test_a_stream_gives_what_is_new_once(spark: SparkSession, api: ApiServer, tmp_path: object) -> None:
    spark.dataSource.register(RestDataSource)
    options = {
        "url": api.url,
        "endpoints": "page/orders",
        "pagination": "page",
        "incremental.field": "updated_at",
        "incremental.parameter": "since",
    }
    stream = spark.readStream.format("lakehouse.rest").options(**options).load()
    query = (
        stream.writeStream.format("memory")
        .queryName("rest_stream")
        .option("checkpointLocation", str(tmp_path))
        .start()
    )
    try:
        query.processAllAvailable()
        assert ids_of(spark.table("rest_stream")) == list(range(95))
        api.lists = {"orders": [*api.lists["orders"], {"id": 95, "updated_at": "2026-02-01T00:00"}]}
        until = time.monotonic() + 30
        while spark.table("rest_stream").count() < 96 and time.monotonic() < until:
            time.sleep(0.2)
        assert ids_of(spark.table("rest_stream")) == list(range(96))
    finally:
        query.stop()
    assert "/page/orders?since=2026-01-10T04%3A00&page=1" in api.given
