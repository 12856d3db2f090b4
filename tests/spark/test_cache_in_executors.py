"""The node's cache in Spark's tasks. Fetches are counted by the server they come from, not by the cache."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cache_job import FILES, TASKS, bytes_read_by_tasks
from counting_server import CountingServer, body_of

from lakehouse.cache import NodeStatistics, cache_statistics
from lakehouse.cache.node_cache import ENABLED
from lakehouse.cache.spark_task import _sum_over_nodes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

BYTES_A_TASK = sum(len(body_of(f"/{number}")) for number in range(FILES))
ONCE_EACH = {f"/{number}": 1 for number in range(FILES)}


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer().running() as running:
        yield running


def test_eight_tasks_that_read_five_files_make_exactly_five_fetches(
    cached_spark: SparkSession, server: CountingServer
) -> None:
    assert cached_spark.sparkContext.getConf().get("spark.python.worker.reuse", "true") == "true"
    assert bytes_read_by_tasks(cached_spark, server.address) == [BYTES_A_TASK] * TASKS
    assert server.gets == ONCE_EACH


def test_the_statistics_of_all_workers_come_together(
    cached_spark: SparkSession, server: CountingServer
) -> None:
    before = cache_statistics(cached_spark)
    bytes_read_by_tasks(cached_spark, server.address)
    run = cache_statistics(cached_spark) - before
    assert (run.fetches, run.fetched_bytes) == (FILES, BYTES_A_TASK)
    assert run.file_hits + run.file_waits + run.fetches == TASKS * FILES


def test_a_cluster_s_statistics_count_each_node_once() -> None:
    one = {"node": "a", **NodeStatistics(fetches=3).as_dict()}
    other = {"node": "b", **NodeStatistics(fetches=4, file_hits=1).as_dict()}
    total = _sum_over_nodes([dict(one), dict(other), dict(one)])
    assert total == NodeStatistics(fetches=7, file_hits=1)


def test_tasks_report_their_node_as_on_a_cluster(cached_spark: SparkSession, server: CountingServer) -> None:
    bytes_read_by_tasks(cached_spark, server.address)
    local = cache_statistics(cached_spark)
    cached_spark.conf.set("spark.lakehouse.cache.maxBytes", "5g")
    try:
        from lakehouse.cache import spark_task

        frame = cached_spark.range(0, 4, 1, 4).mapInArrow(
            spark_task._report, f"node string, {spark_task._COUNTS}"
        )
        reports = [row.asDict() for row in frame.collect()]
    finally:
        cached_spark.conf.unset("spark.lakehouse.cache.maxBytes")
    assert len(reports) == 4
    assert _sum_over_nodes(reports) == local


def test_switched_off_for_a_query_each_task_fetches_for_itself(
    cached_spark: SparkSession, server: CountingServer
) -> None:
    cached_spark.conf.set(ENABLED, "false")
    assert bytes_read_by_tasks(cached_spark, server.address) == [BYTES_A_TASK] * TASKS
    assert server.gets == dict.fromkeys(ONCE_EACH, TASKS)


@pytest.mark.slow
def test_five_fetches_also_when_each_task_has_a_worker_process_of_its_own(
    server: CountingServer, tmp_path: Path
) -> None:
    job = Path(__file__).with_name("cache_job.py")
    done = subprocess.run(
        [sys.executable, str(job), server.address, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["seen"] == [BYTES_A_TASK] * TASKS
    assert server.gets == ONCE_EACH
    statistics = answer["statistics"]
    assert statistics["fetches"] == FILES
    assert statistics["file_hits"] + statistics["file_waits"] == (TASKS - 1) * FILES
