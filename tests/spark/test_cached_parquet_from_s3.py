"""Tasks read a Parquet file of an S3 store through the cache of their node. A proxy counts what S3 is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.cache.node_cache import DIRECTORY
from lakehouse.storage import S3StorageService
from tests.conformance.storage import storage_servers
from tests.conformance.storage.fault_proxy import Fault, FaultProxy
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

TASKS = 8
ROWS = 1000
KEY = "reference/rates.parquet"


def sums_of_tasks(spark: SparkSession, endpoint: str) -> list[int]:
    """Let eight tasks add up the column of the file; return their sums."""

    def add_up(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import os

        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet

        from lakehouse.cache import on_node, open_object
        from lakehouse.cache.arrow import arrow_file
        from lakehouse.storage import S3StorageService

        os.environ.update(S3_ENVIRONMENT)
        for _ in batches:
            store = S3StorageService(PLACE, endpoint=endpoint)
            with open_object(on_node().files, store, KEY) as lease:
                table = pyarrow.parquet.read_table(arrow_file(lease))
            yield pyarrow.RecordBatch.from_pydict({"total": [sum(table["rate"].to_pylist())]})

    frame = spark.range(0, TASKS, 1, TASKS).mapInArrow(add_up, "total long")
    return [row["total"] for row in frame.collect()]


def test_eight_tasks_download_a_parquet_file_once_and_see_its_next_version_at_once(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in S3_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    spark.conf.set(DIRECTORY, str(tmp_path / "cache"))
    asked: Counter[str] = Counter()

    def count(method: str, path: str) -> Fault:
        asked[method] += path.partition("?")[0].endswith(KEY)
        return Fault.NONE

    try:
        with storage_servers.moto() as server, FaultProxy(server.port, count) as proxy:
            store = S3StorageService(PLACE, endpoint=server.endpoint)
            for version in (1, 2):
                pq.write_table(pa.table({"rate": [version] * ROWS}), tmp_path / "rates.parquet")
                store.write(KEY, (tmp_path / "rates.parquet").read_bytes())
                assert sums_of_tasks(spark, server.behind(proxy.port)) == [version * ROWS] * TASKS
                assert asked["GET"] == version, "one download for eight tasks; the rest are HEADs"
    finally:
        spark.conf.unset(DIRECTORY)
