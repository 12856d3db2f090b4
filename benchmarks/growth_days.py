"""The claim: one new day costs the retail job a day, whatever the history: Bronze, Silver and Gold together.

    python benchmarks/growth_days.py [--data FOLDER] [--sizes 1 10 100] [--days 3]

The history is the sales of the folder, so many times over with other invoice numbers, taken by the job of
``jobs/retail.py`` in one run; then one day after the other comes. One warm session. Medians of the days are printed,
each with its ratio to that of the smallest history, what Spark read, and what the first run took for comparison.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import run_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from jobs.retail import pipeline  # noqa: E402 - the project's folder is no package


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the runs beside one history took."""

    rows: int
    first_seconds: float
    seconds: float
    by_table: dict[str, float]
    read_mib: float


def main() -> None:
    arguments = _arguments()
    days = sorted(arguments.data.glob("*.csv*"))
    history, later = days[: -arguments.days], days[-arguments.days :]
    spark = SparkSessionFactory().create("growth of days")
    costs: dict[int, Cost] = {}
    for warm, size in enumerate([min(arguments.sizes), *arguments.sizes]):  # the first round warms up
        with tempfile.TemporaryDirectory(prefix="growth-days-", dir=arguments.folder) as folder:
            cost = _cost(spark, Path(folder), history, later, size)
        print(f"{size} x: {cost}", file=sys.stderr)
        if warm:
            costs[size] = cost
    spark.stop()
    Console(width=120).print(_as_table(costs, arguments.days))


def _arguments() -> argparse.Namespace:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--days", type=int, default=3, help="days that come one after the other")
    parser.add_argument("--folder", type=Path, help="where the tables lie while they are measured")
    return parser.parse_args()


def _cost(spark: SparkSession, folder: Path, history: list[Path], later: list[Path], size: int) -> Cost:
    landing = folder / "landing"
    landing.mkdir()
    for day in history:
        _land_often(day, landing / f"{day.name.partition('.')[0]}.csv", size)
    rows, first_seconds, _ = _run(spark, folder)
    seconds, tables, read = [], [], []
    for day in later:
        shutil.copy(day, landing)
        before = _bytes_read(spark)
        _, taken, by_table = _run(spark, folder)
        seconds.append(taken)
        tables.append(by_table)
        read.append((_bytes_read(spark) - before) / 2**20)
    return Cost(
        rows=rows,
        first_seconds=first_seconds,
        seconds=statistics.median(seconds),
        by_table={name: statistics.median(each[name] for each in tables) for name in tables[0]},
        read_mib=statistics.median(read),
    )


def _land_often(day: Path, file: Path, size: int) -> None:
    """Write a day's lines so many times over; the invoice's number, which comes first, tells the copies apart."""
    header, *lines = day.read_text(encoding="utf-8").splitlines(keepends=True)
    with file.open("w", encoding="utf-8") as out:
        out.write(header)
        for copy in range(size):
            mark = f"-{copy}," if copy else ","
            out.writelines(line.replace(",", mark, 1) for line in lines)


def _run(spark: SparkSession, folder: Path) -> tuple[int, float, dict[str, float]]:
    started = time.perf_counter()
    variables = {"landing": str(folder / "landing")}
    result = run_pipeline(pipeline, spark=spark, warehouse=folder / "lake", variables=variables)
    seconds = time.perf_counter() - started
    if result.status != "ok":
        raise RuntimeError(str(result.failures))
    refreshes = {name: outcome.refreshes[-1] for name, outcome in result.outcomes.items()}  # type: ignore[union-attr]
    for name, refresh in refreshes.items():
        print(
            f"  {name}: {refresh.seconds:.2f} s, {refresh.inputs.get('refresh')}, {refresh.details}",
            file=sys.stderr,
        )
    by_table = {name: refresh.seconds for name, refresh in refreshes.items()}
    return refreshes["sales_raw"].tally.rows_in, seconds, by_table


def _bytes_read(spark: SparkSession) -> int:
    """Return the bytes that all stages of the session have read from files so far."""
    gateway: Any = spark.sparkContext._gateway
    quantiles, statuses = gateway.new_array(gateway.jvm.double, 0), gateway.jvm.java.util.ArrayList()
    stages = spark.sparkContext._jsc.sc().statusStore().stageList(None, False, False, quantiles, statuses)
    return sum(stages.apply(index).inputBytes() for index in range(stages.size()))


def _as_table(costs: dict[int, Cost], days: int) -> Table:
    table = Table(title=f"one new day of the retail job: medians of {days} days")
    smallest = costs[min(costs)]
    columns = ("history", "rows", "first run", "a day", "to smallest", "MiB read", *smallest.by_table)
    for heading in columns:
        table.add_column(heading, justify="right")
    for size, cost in costs.items():
        table.add_row(
            f"{size} x",
            f"{cost.rows:,}",
            f"{cost.first_seconds:.1f}",
            f"{cost.seconds:.2f}",
            f"{cost.seconds / smallest.seconds:.2f}",
            f"{cost.read_mib:.1f}",
            *(f"{seconds:.2f}" for seconds in cost.by_table.values()),
        )
    return table


if __name__ == "__main__":
    main()
