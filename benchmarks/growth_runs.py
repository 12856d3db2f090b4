"""The claim: a run of 100 new rows costs the same after 1,000 runs as after one, and leaves one file a table.

    python benchmarks/growth_runs.py [--runs 1000]

One warm session and one process land 100 rows and run, again and again, through Bronze and two Silver tables:
one whose rows are judged by rules, and one without rules. Medians around each power of ten are printed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, read, run_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROWS = 100
COLUMNS = {"id": "bigint", "day": "date", "units": "int"}
TABLES = ("bronze/raw", "silver/sales", "silver/returns")
WARM_UP = 5
"""Runs into a warehouse that is thrown away: the first runs of a session are slow for other reasons."""
AROUND = 7
"""How many runs a median is taken of."""


def main() -> None:
    arguments = _arguments()
    spark = SparkSessionFactory().create("growth of runs")
    with tempfile.TemporaryDirectory(prefix="growth-runs-") as folder:
        _seconds_of_runs(spark, Path(folder) / "warm up", WARM_UP)
        seconds = _seconds_of_runs(spark, Path(folder) / "measured", arguments.runs)
        files = {name: _files(Path(folder) / "measured" / "lake" / name) for name in TABLES}
    spark.stop()
    console = Console(width=100)
    console.print(_curve(seconds))
    for name, count in files.items():
        console.print(f"{name}: {count} files after {arguments.runs} runs")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    return parser.parse_args()


def _definition() -> PipelineDefinition:
    typed = read("raw", incremental=True).cast(COLUMNS).deduplicate("id", against_target=False)
    return (
        DeclarativePipelineBuilder("growth")
        .variable("landing", default="landing")
        .bronze("raw", from_files("${landing}/*.csv", columns=tuple(COLUMNS)))
        .silver("sales", typed.where("units > 0").expect_or_drop("dated", "day IS NOT NULL").append())
        .silver("returns", typed.where("units <= 0").append())
        .build()
    )


def _seconds_of_runs(spark: object, folder: Path, runs: int) -> list[float]:
    landing, definition = folder / "landing", _definition()
    landing.mkdir(parents=True)
    seconds = []
    for number in range(runs):
        _land(landing / f"{number:06}.csv", first=number * ROWS)
        started = time.perf_counter()
        result = run_pipeline(
            definition, spark=spark, warehouse=folder / "lake", variables={"landing": str(landing)}
        )
        seconds.append(time.perf_counter() - started)
        if result.failures:
            raise RuntimeError(str(result.failures))
        if (number + 1) % 100 == 0:
            print(f"run {number + 1}: {seconds[-1]:.2f} s", file=sys.stderr)
    return seconds


def _land(file: Path, *, first: int) -> None:
    lines = [
        f"{number},2024-01-{number % 28 + 1:02},{number % 10 - 2}" for number in range(first, first + ROWS)
    ]
    file.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


def _files(table: Path) -> int:
    return Snapshot.load(table).files().num_rows


def _curve(seconds: list[float]) -> Table:
    table = Table(title=f"runs of {ROWS} rows: medians of {AROUND} runs")
    for heading in ("run", "seconds", "to the first"):
        table.add_column(heading, justify="right")
    first = statistics.median(seconds[:AROUND])
    for number in [power for power in (1, 10, 100, 1_000, 10_000) if power <= len(seconds)]:
        start = min(max(0, number - 1 - AROUND // 2), max(0, len(seconds) - AROUND))
        median = statistics.median(seconds[start : start + AROUND])
        table.add_row(f"{number:,}", f"{median:.2f}", f"{median / first:.2f}")
    return table


if __name__ == "__main__":
    main()
