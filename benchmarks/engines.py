"""The claim: our engine appends and plans faster than delta-spark in the same session, and starts without its jars.

    python benchmarks/engines.py [--rows 10000000] [--files 10000] [--only appends]

``appends``: 30 appends of 1,000 rows, and 3 of many, by each engine in turn. ``plan``: the physical plan of a query for
one value of a table of many files, whose log nobody has open. ``start``: processes that start a session and run one
query, with Delta's jars and without, and each without its archive of classes, which an earlier session had built.
Medians; the first of each is left out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
from figures import seconds_of, show
from pyspark.sql import SparkSession

from lakehouse.delta_log import TransactionManager, col
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import DeltaSparkTable, NativeTable, TransactionId

MANAGER = TransactionManager(spark_writers=False)
START = """
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

settings = Settings(spark=SparkSettings(master="local[2]", delta={delta}, class_data={class_data}))
SparkSessionFactory(settings).create("start").range(3).collect()
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in (("appends", appends), ("plan", plan), ("start", start)):
            if options.only in (None, name):
                show(name, measure(Path(folder) / name, options))


def appends(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield what one append takes, of few rows and of many."""
    spark = _spark()
    yield "rows of an append", "delta-spark", "native", "ratio"
    for rows, count in ((1_000, 30), (options.rows, 3)):
        frame = spark.range(rows).selectExpr("id", "id % 1000 AS k", "rand(3) AS value")
        tables = [
            engine(spark, str(folder / f"{engine.__name__} {rows}"))
            for engine in (DeltaSparkTable, NativeTable)
        ]
        took: list[list[float]] = [[], []]
        for number in range(count + 1):
            for table, seconds in zip(tables, took, strict=True):
                piece = TransactionId(application="bench", number=number)
                seconds.append(seconds_of(lambda t=table, p=piece, f=frame: t.append(f, transaction=p)))
        yield f"{rows:,}", *_compared(*took)


def plan(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield what planning a query takes that reads one of many files."""
    spark = _spark()
    _many_files(folder, options.files)
    yield "files of a table", "delta-spark", "native", "ratio"
    path = str(folder)

    def by_delta() -> None:
        rows = spark.read.format("delta").load(path).where("k = 7")
        rows._jdf.queryExecution().executedPlan().toString()

    def by_us() -> None:
        table = NativeTable(spark, path)
        state = table.state()
        assert state is not None
        rows = table.read(version=state.version, where=col("k") == 7)
        rows._jdf.queryExecution().executedPlan().toString()

    took: list[list[float]] = [[], []]
    for _ in range(6):
        for ask, seconds in zip((by_delta, by_us), took, strict=True):
            # Delta keeps a table's snapshot in the session, which a new process or table does not have.
            spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
            seconds.append(seconds_of(ask))
    yield f"{options.files:,}", *_compared(*took)


def start(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield what a process takes that starts a session."""
    ways = {
        f"{jars}{archive}": (has_jars, has_archive)
        for jars, has_jars in (("with jars", True), ("without jars", False))
        for archive, has_archive in (("", True), (", no archive", False))
    }
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(4):
        for way, (delta, class_data) in ways.items():
            program = START.format(delta=delta, class_data=class_data)
            command = [sys.executable, "-c", program]
            took[way].append(
                seconds_of(
                    lambda c=command: subprocess.run(c, check=True, env=os.environ, capture_output=True)
                )
            )
    yield "session", "seconds"
    for way, seconds in took.items():
        yield way, f"{statistics.median(seconds[1:]):.2f} s"


def _many_files(folder: Path, count: int) -> None:
    """Make a table of one real file under many names, each with bounds of its own in the log."""
    rows = pa.table({"k": np.arange(100), "value": np.random.default_rng(1).random(100)})
    with MANAGER.transaction(folder) as transaction:
        transaction.append(rows)
        add = transaction.written[0].add
    with MANAGER.transaction(folder) as transaction:
        for number in range(1, count):
            name = f"part-{number:05}.parquet"
            os.link(folder / add.path, folder / name)
            bounds = {"minValues": {"k": 100 * number}, "maxValues": {"k": 100 * number + 99}}
            stats = msgspec.json.encode({"numRecords": 100, **bounds, "nullCount": {"k": 0}}).decode()
            transaction.add(msgspec.structs.replace(add, path=name, stats=stats))


def _compared(theirs: Sequence[float], ours: Sequence[float]) -> Sequence[str]:
    one, other = statistics.median(theirs[1:]), statistics.median(ours[1:])
    return f"{one:.2f} s", f"{other:.2f} s", f"{one / other:.2f}"


def _spark() -> SparkSession:
    return SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]"))).create("engines")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--only", choices=["appends", "plan", "start"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
