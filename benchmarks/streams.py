"""The claims: a stream that takes what there is costs at most 1.3 of a batch run and 1.05 of ``foreachBatch`` by hand,
and a row of a new file is visible in Silver after at most 1.2 of the time that it takes by hand (medians).

    python benchmarks/streams.py [--data FOLDER] [--days 150] [--files 10] [--only now|latency]

Both sides run in one session, in turn, over the same files; the first round of each warms up and is not counted.
A file is visible when the log of ``silver/sales`` has its version; files come at any time between two triggers.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import runpy
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession
from retail import by_hand_stream

from lakehouse.pipelines import StreamStop, run_pipeline, stream_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[1]
PIPELINE = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
TRIGGER_SECONDS = 1.0
COMMITS_OF_A_MICRO_BATCH = ("bronze/sales_raw", "silver/sales", "silver/cancellations", "gold/daily_revenue")


def main() -> None:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--days", type=int, default=150)
    parser.add_argument("--files", type=int, default=10, help="so many files come one by one")
    parser.add_argument("--only", choices=("now", "latency"))
    arguments = parser.parse_args()
    files = sorted(arguments.data.glob("*.csv*"))[: arguments.days]
    spark = SparkSessionFactory().create("streams")
    with tempfile.TemporaryDirectory(prefix="streams-") as folder:
        if arguments.only != "latency":
            _all_there_is(spark, Path(folder), files)
        if arguments.only != "now":
            _one_by_one(spark, Path(folder), files, arguments.files)
    spark.stop()


def _all_there_is(spark: SparkSession, folder: Path, files: list[Path]) -> None:
    landing = _landing(folder / "all", files)
    sides: dict[str, Callable[[Path], object]] = {
        "batch run": lambda lake: run_pipeline(
            PIPELINE, spark=spark, warehouse=lake, variables={"landing": str(landing)}
        ),
        "available-now": lambda lake: stream_pipeline(
            PIPELINE, spark=spark, warehouse=lake, mode="available-now", variables={"landing": str(landing)}
        ),
        "foreachBatch by hand": lambda lake: by_hand_stream.start(
            spark, str(landing), str(lake), trigger_seconds=None
        ).awaitTermination(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(3):
        for name in sorted(sides, reverse=number % 2 == 1):
            started = time.perf_counter()
            sides[name](folder / f"{name} {number}")
            seconds[name].append(time.perf_counter() - started)
            print(f"{name}: {seconds[name][-1]:.2f} s", file=sys.stderr)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    for name, median in medians.items():
        ratios = ", ".join(f"{median / medians[other]:.2f} of {other}" for other in medians if other != name)
        print(f"{len(files)} days, {name}: {median:.2f} s ({ratios})")


def _one_by_one(spark: SparkSession, folder: Path, files: list[Path], count: int) -> None:
    for name, side in (("lakehouse", _ours), ("foreachBatch by hand", _by_hand)):
        home = folder / f"one by one {name}"
        landing, chance = _landing(home / "landing", files[:1]), random.Random(1)
        waits = []
        with side(spark, landing, home / "lake"):
            _wait(home / "lake", 0)
            began = time.perf_counter()
            for file in files[1 : count + 3]:
                time.sleep(0.5 + chance.random() * TRIGGER_SECONDS)
                version = _version(home / "lake")
                landed = time.perf_counter()
                _drop(file, landing)
                _wait(home / "lake", version + 1)
                waits.append(time.perf_counter() - landed)
            seconds = time.perf_counter() - began
        waits = waits[2:]
        p99 = sorted(waits)[-1]
        print(
            f"{name}: {len(waits)} files, visible in silver after {statistics.median(waits):.2f} s (p50), ",
            end="",
        )
        commits = sum(_version(home / "lake", table) + 1 for table in COMMITS_OF_A_MICRO_BATCH)
        print(
            f"{p99:.2f} s (slowest); {commits} commits of {len(COMMITS_OF_A_MICRO_BATCH)} tables in {seconds:.0f} s"
        )
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this Python process at most {peak_mib:.0f} MiB")


@contextmanager
def _ours(spark: SparkSession, landing: Path, lake: Path) -> Iterator[None]:
    stop = StreamStop()
    options = {"trigger": f"{TRIGGER_SECONDS:.0f} second", "variables": {"landing": str(landing)}}
    thread = threading.Thread(
        target=lambda: stream_pipeline(PIPELINE, spark=spark, warehouse=lake, stop=stop, **options)
    )
    thread.start()
    yield
    stop.ask("the benchmark")
    thread.join()


@contextmanager
def _by_hand(spark: SparkSession, landing: Path, lake: Path) -> Iterator[None]:
    query = by_hand_stream.start(spark, str(landing), str(lake), trigger_seconds=TRIGGER_SECONDS)
    yield
    query.processAllAvailable()
    query.stop()


def _landing(folder: Path, files: list[Path]) -> Path:
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    return folder


def _drop(file: Path, landing: Path) -> None:
    part = landing / f".{file.name}"
    shutil.copyfile(file, part)
    part.rename(landing / file.name)


def _version(lake: Path, table: str = "silver/sales") -> int:
    return len(list((lake / table / "_delta_log").glob("*.json"))) - 1


def _wait(lake: Path, version: int) -> None:
    while _version(lake) < version:
        time.sleep(0.01)


if __name__ == "__main__":
    main()
