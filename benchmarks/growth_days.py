"""The claim: one new day costs the retail job a day, whatever the history: Bronze, Silver and Gold together.

    python benchmarks/growth_days.py [--data FOLDER] [--sizes 1 10 100] [--days 3] [--folder FOLDER]

The history is the sales of the folder, so many times over with other invoice numbers. The job of ``jobs/retail.py``
takes them once; their copies are then written into Bronze and Silver by Spark, in a file for each day and as the
batches of a run, and Gold takes those by a run. Then one day after the other comes. One warm session. Medians of the
days are printed, each with its ratio to that of the smallest history; what Spark read of files; and how many files
were opened: those of the tables with which new rows were compared, and of the sources of Gold.
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

from growth.history import add_copies
from growth.processor import cpu_seconds
from growth.reading import BytesRead, files_compared
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import Refresh, Refreshed, run_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from jobs.retail import pipeline  # noqa: E402 - the project's folder is no package

WARM_UP = (1, 6)
"""Histories of rounds that don't count: beside the second, of 150 days, Gold is brought up to date from new rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What the run with one new day took."""

    seconds: float
    cpu_seconds: float
    by_table: dict[str, float]
    read_mib: float
    compared: str
    """Files of a table with which its new rows were compared, of all that it has."""
    gold_files: int
    """Files of its source that Gold opened, all tables together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The days that came beside one history."""

    rows: int
    prepared_seconds: float
    days: list[Day]

    @property
    def seconds(self) -> float:
        """The median of the days."""
        return statistics.median(day.seconds for day in self.days)

    @property
    def cpu_seconds(self) -> float:
        """The median of the days."""
        return statistics.median(day.cpu_seconds for day in self.days)

    @property
    def read_mib(self) -> float:
        """The median of the days."""
        return statistics.median(day.read_mib for day in self.days)

    @property
    def by_table(self) -> dict[str, float]:
        """The medians of the days."""
        return {
            name: statistics.median(day.by_table[name] for day in self.days) for name in self.days[0].by_table
        }


def main() -> None:
    arguments = _arguments()
    files = sorted(arguments.data.glob("*.csv*"))
    history, later = files[: -arguments.days], files[-arguments.days :]
    spark = SparkSessionFactory().create("growth of days")
    found: dict[int, History] = {}
    for number, size in enumerate([*WARM_UP, *arguments.sizes]):
        with tempfile.TemporaryDirectory(prefix="growth-days-", dir=arguments.folder) as folder:
            measured = _Lake(spark, Path(folder)).measured(history, later, size)
        print(f"{size} x: {measured}", file=sys.stderr)
        if number >= len(WARM_UP):
            found[size] = measured
    spark.stop()
    Console(width=150).print(_as_table(found, arguments.days))


def _arguments() -> argparse.Namespace:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--days", type=int, default=3, help="days that come one after the other")
    parser.add_argument("--folder", type=Path, help="where the tables lie while they are measured")
    return parser.parse_args()


class _Lake:
    """A landing zone, and the tables of the job."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self._spark = spark
        self._landing, self._warehouse = folder / "landing", folder / "lake"
        self._landing.mkdir()
        self._variables = {"landing": str(self._landing)}

    def measured(self, history: list[Path], later: list[Path], size: int) -> History:
        started = time.perf_counter()
        for day in history:
            shutil.copy(day, self._landing)
        rows = self._run()["sales_raw"].tally.rows_in
        if size > 1:
            definition = pipeline.with_variables(self._variables).resolved()
            add_copies(self._spark, definition, self._warehouse, copies=size - 1)
            self._run()
        prepared = time.perf_counter() - started
        print(f"{size} x is prepared in {prepared:.0f} s", file=sys.stderr)
        days = [self._day(day) for day in later]
        return History(rows=rows * size, prepared_seconds=prepared, days=days)

    def _day(self, file: Path) -> Day:
        shutil.copy(file, self._landing)
        read = BytesRead(self._spark)
        with files_compared() as compared:
            started, cpu = time.perf_counter(), cpu_seconds()
            refreshes = self._run()
            seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
        return Day(
            seconds=seconds,
            cpu_seconds=cpu,
            by_table={name: refresh.seconds for name, refresh in refreshes.items()},
            read_mib=read.mib(),
            compared=", ".join(sorted(compared)) or "all",
            gold_files=sum(refresh.details.get("files_read", 0) for refresh in refreshes.values()),
        )

    def _run(self) -> dict[str, Refresh]:
        result = run_pipeline(
            pipeline, spark=self._spark, warehouse=self._warehouse, variables=self._variables
        )
        if result.status != "ok":
            raise RuntimeError(str(result.failures))
        refreshes = {
            name: outcome.refreshes[-1]
            for name, outcome in result.outcomes.items()
            if isinstance(outcome, Refreshed)
        }
        for name, refresh in refreshes.items():
            how = f"{refresh.inputs.get('refresh')}, {dict(refresh.details)}"
            print(f"  {name}: {refresh.seconds:.2f} s, {how}", file=sys.stderr)
        return refreshes


def _as_table(found: dict[int, History], days: int) -> Table:
    table = Table(title=f"one new day of the retail job: medians of {days} days")
    smallest = found[min(found)]
    columns = (
        "history",
        "rows",
        "prepared",
        "a day",
        "to smallest",
        "of CPU",
        "MiB read",
        "files compared",
        "of Gold",
    )
    for heading in (*columns, *smallest.by_table):
        table.add_column(heading, justify="right")
    for size, history in found.items():
        table.add_row(
            f"{size} x",
            f"{history.rows:,}",
            f"{history.prepared_seconds:.0f}",
            f"{history.seconds:.2f}",
            f"{history.seconds / smallest.seconds:.2f}",
            f"{history.cpu_seconds:.2f}",
            f"{history.read_mib:.1f}",
            history.days[-1].compared,
            f"{history.days[-1].gold_files}",
            *(f"{seconds:.2f}" for seconds in history.by_table.values()),
        )
    return table


if __name__ == "__main__":
    main()
