"""The claim: 2,000,000 rows of PostgreSQL into a Bronze table take at most 1.2 times what a bare ``spark.read.jdbc``
with a Delta append takes, side by side in one warm session.

    python benchmarks/ingestion_jdbc.py [--rows 2000000] [--rounds 3]

A server is started on a free port (Debian's ``postgresql``); both ways read in the same partitions.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, from_jdbc, run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from tests.spark.ingestion.postgres_server import PASSWORD, USER, Server, binaries, running_server

DRIVER = "org.postgresql:postgresql:42.7.7"
TASKS = 8
COLUMNS = {
    "id": "bigint",
    "customer": "int",
    "price": "decimal(10,2)",
    "placed": "timestamp",
    "note": "string",
}
TABLE = """
CREATE TABLE orders (id bigint, customer int, price numeric(10,2), placed timestamptz, note text);
INSERT INTO orders SELECT n, n % 5000, (n % 99999) / 100.0, '2024-01-01 00:00+00'::timestamptz + n * interval '1s',
    'order ' || n FROM generate_series(1, {rows}) AS n;
"""


def main() -> int:
    arguments = _arguments()
    programs = binaries()
    assert programs is not None, "PostgreSQL is not installed"
    os.environ |= {"SHOP_USER": USER, "SHOP_PASSWORD": PASSWORD}
    with running_server(programs) as server, tempfile.TemporaryDirectory() as scratch:
        for statement in TABLE.format(rows=arguments.rows).strip().split(";\n"):
            server.run(statement)
        spark = _session()
        ways: dict[str, Callable[[Path], None]] = {
            "from_jdbc": lambda to: _ours(spark, server, to),
            "spark.read.jdbc and an append": lambda to: _bare(spark, server, to, arguments.rows),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(arguments.rounds + 1):
            for way, run in sorted(ways.items(), reverse=bool(number % 2)):
                target = Path(scratch) / "lake"
                shutil.rmtree(target, ignore_errors=True)
                started = time.perf_counter()
                run(target)
                if number:  # the first round warms the session
                    seconds[way].append(time.perf_counter() - started)
        count = spark.read.format("delta").load(f"{scratch}/lake/bronze/orders").count()
        assert count == arguments.rows, count
        spark.stop()
    ours, bare = seconds.values()
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    for way, taken in seconds.items():
        print(f"{way:32} {statistics.median(taken):6.1f} s")
    print(f"{arguments.rows:,} rows: {ratio:.2f} of the bare way (asked: 1.2)")
    return 0 if ratio <= 1.2 else 1


def _ours(spark: SparkSession, server: Server, to: Path) -> None:
    flow = from_jdbc(
        server.url,
        "public.orders",
        columns=COLUMNS,
        user="env:SHOP_USER",
        password="env:SHOP_PASSWORD",
        partition_on="id",
        partitions=TASKS,
    )
    pipeline = DeclarativePipelineBuilder("shop").bronze("orders", flow.replace()).build()
    result = run_pipeline(pipeline, spark=spark, warehouse=to)
    assert not result.failures, result.failures


def _bare(spark: SparkSession, server: Server, to: Path, rows: int) -> None:
    properties = {"user": USER, "password": PASSWORD, "driver": "org.postgresql.Driver", "fetchsize": "10000"}
    found = spark.read.jdbc(
        server.url, "orders", "id", lowerBound=1, upperBound=rows, numPartitions=TASKS, properties=properties
    )
    found.write.format("delta").mode("append").save(f"{to}/bronze/orders")


def _session() -> SparkSession:
    delta = f"io.delta:delta-spark_4.2_2.13:{importlib.metadata.version('delta-spark')}"
    conf = {"spark.jars.packages": f"{delta},{DRIVER}", "spark.ui.enabled": "false"}
    return SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]", conf=conf))).create("jdbc")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
