"""A Spark job whose tasks read reference files through the node's cache; a program with a Spark of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

FILES = 5
TASKS = 8


def bytes_read_by_tasks(spark: SparkSession, address: str) -> list[int]:
    """Let eight tasks read the same five files; return how many bytes each task saw."""

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow

        from lakehouse.cache import on_node

        for _ in batches:
            total = 0
            for number in range(FILES):
                uri = f"{address}/{number}"

                def fetch(target: IO[bytes], uri: str = uri) -> None:
                    with urlopen(uri) as response:
                        target.write(response.read())

                with on_node().files.open(uri, "1", fetch) as lease:
                    total += len(lease.read())
            yield pyarrow.RecordBatch.from_pydict({"total": [total]})

    frame = spark.range(0, TASKS, 1, TASKS).mapInArrow(read, "total long")
    return [row["total"] for row in frame.collect()]


def main(address: str, folder: str) -> None:
    """Run the job with a new worker process for each task; print what they saw, and their statistics."""
    from lakehouse.cache import cache_statistics
    from lakehouse.spark_session import SparkSessionFactory

    conf = {
        "spark.python.worker.reuse": "false",
        "spark.lakehouse.cache.dir": folder,
        "spark.lakehouse.cache.maxBytes": "1g",
    }
    spark = SparkSessionFactory.local(cores=2, conf=conf).create("cache")
    try:
        seen = bytes_read_by_tasks(spark, address)
        print(json.dumps({"seen": seen, "statistics": cache_statistics(spark).as_dict()}))
    finally:
        spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
