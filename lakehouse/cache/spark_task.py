"""The node's cache for code that runs in Spark's tasks. The one module here that knows pyspark."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import SparkSession

from lakehouse.cache.node_cache import NodeCache, NodeCacheSettings, node_cache
from lakehouse.cache.node_statistics import NAMES, NodeStatistics

__all__ = ["cache_statistics", "on_node"]

_COUNTS = ", ".join(f"{name} long" for name in NAMES)


def on_node() -> NodeCache:
    """Return the cache of this worker and its node; the same one for all tasks of a process.

    Its settings are the query's (``spark.lakehouse.cache.dir``, ``.maxBytes``, ``.enabled``,
    ``.memoryEntries``), else the environment's (``LAKEHOUSE_CACHE_DIR`` and so on). Outside a task, the
    environment's.
    """
    context = TaskContext.get()
    return node_cache(NodeCacheSettings.read(_no_property if context is None else context.getLocalProperty))


def cache_statistics(spark: SparkSession, *, tasks: int = 32) -> NodeStatistics:
    """Return what the caches of all workers did so far; subtract an earlier reading to get one run's part.

    With a local master the driver reads its own node's counters. On a cluster, ``tasks`` short tasks do, each
    node counted once; a node that runs no such task is missing from the sum.
    """
    settings = NodeCacheSettings.read(lambda key: spark.conf.get(key, None))
    if (spark.conf.get("spark.master", None) or "").startswith("local"):
        return node_cache(settings).files.statistics_of_all()
    frame = spark.range(0, tasks, 1, tasks).mapInArrow(_report, f"node string, {_COUNTS}")
    return _sum_over_nodes(row.asDict() for row in frame.collect())


def _report(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        files = on_node().files
        counts = files.statistics_of_all().as_dict()
        yield pa.RecordBatch.from_pylist([{"node": f"{socket.gethostname()}:{files.identity()}", **counts}])


def _sum_over_nodes(reports: Iterable[dict[str, str | int]]) -> NodeStatistics:
    by_node = {report.pop("node"): report for report in reports}
    total = NodeStatistics()
    for counts in by_node.values():
        total += NodeStatistics.from_dict(counts)
    return total


def _no_property(_key: str) -> None:
    return None
