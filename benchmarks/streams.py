"""The claims: a stream that takes what there is costs at most 1.3 of a batch run and 1.05 of ``foreachBatch`` by hand,
and a row of a new file, or a record of a topic, is visible in Silver after at most 1.2 of the time that it takes by
hand (medians).

    python benchmarks/streams.py [--data FOLDER] [--days 150] [--files 80] [--seconds 30] [--only PART …]

Parts: ``now`` (all there is, in one session, in turn; the first round of each warms up and is not counted), ``files``
and ``records`` (they come at any time, whether or not the stream has taken those before), ``restart`` (a process of its
own, with its memory). A row is visible when the log has the version whose files hold it, whoever wrote them.
"""

from __future__ import annotations

import argparse
import os
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from pyspark.sql import SparkSession
from stream import by_hand_files
from stream.arriving_files import files_one_by_one, landing_with
from stream.arriving_records import records_one_by_one
from stream.restarting import restarted

from lakehouse.pipelines import run_pipeline, stream_pipeline
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import TableLog

ROOT = Path(__file__).parents[1]
JOB = ROOT / "jobs" / "retail.py"
PARTS = ("now", "files", "records", "restart")


def main() -> None:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--days", type=int, default=150)
    parser.add_argument("--files", type=int, default=80, help="so many files come one by one")
    parser.add_argument("--seconds", type=float, default=30, help="so long records come")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    arguments = parser.parse_args()
    files = sorted(arguments.data.glob("*.csv*"))[: arguments.days]
    pipeline = runpy.run_path(str(JOB))["pipeline"]
    spark = SparkSessionFactory().create("streams")
    with tempfile.TemporaryDirectory(prefix="streams-") as scratch:
        folder = Path(scratch)
        if "now" in arguments.only:
            _all_there_is(spark, pipeline, folder, files)
        if "files" in arguments.only:
            files_one_by_one(spark, pipeline, folder, files, arguments.files)
        if "records" in arguments.only:
            records_one_by_one(spark, folder, arguments.seconds)
        spark.stop()
        if "restart" in arguments.only:
            restarted(JOB, folder, files)


def _all_there_is(spark: SparkSession, pipeline: object, folder: Path, files: list[Path]) -> None:
    landing = landing_with(folder / "all", files)
    common = {"spark": spark, "variables": {"landing": str(landing)}}
    sides: dict[str, Callable[[Path], object]] = {
        "batch run": lambda lake: run_pipeline(pipeline, warehouse=lake, **common),
        "available-now": lambda lake: stream_pipeline(
            pipeline, warehouse=lake, mode="available-now", **common
        ),
        "foreachBatch by hand": lambda lake: by_hand_files.start(
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
    raw = TableLog(str(folder / "available-now 2" / "bronze" / "sales_raw"))
    state = raw.state()
    rows = (raw.row_count(version=state.version) or 0) if state is not None else 0
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    for name, median in medians.items():
        ratios = ", ".join(f"{median / medians[other]:.2f} of {other}" for other in medians if other != name)
        print(f"{len(files)} days, {name}: {median:.2f} s ({ratios}), {rows / median:,.0f} rows/s")


if __name__ == "__main__":
    main()
