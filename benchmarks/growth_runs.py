"""The claim: a run of 100 new rows costs the same after 1,000 runs as after one, and leaves one file a table.

    python benchmarks/growth_runs.py [--runs 1000]

One warm session and one process land 100 rows and run, again and again, through Bronze and two Silver tables:
one whose rows are judged by rules, and one without rules. Medians of ten runs around each power of ten are printed,
and what the runs left: the tables' files and commits, and what is kept in ``system``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from growth.processor import cpu_seconds
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
AROUND = 10
"""How many runs a median is taken of."""


def main() -> None:
    arguments = _arguments()
    spark = SparkSessionFactory().create("growth of runs")
    with tempfile.TemporaryDirectory(prefix="growth-runs-") as folder:
        _costs_of_runs(spark, Path(folder) / "warm up", WARM_UP)
        costs = _costs_of_runs(spark, Path(folder) / "measured", arguments.runs)
        left = _left_by_runs(Path(folder) / "measured" / "lake")
    spark.stop()
    console = Console(width=100)
    console.print(_curve(costs))
    console.print(left)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    seconds: float
    cpu_seconds: float


def _costs_of_runs(spark: object, folder: Path, runs: int) -> list[Cost]:
    landing, definition = folder / "landing", _definition()
    landing.mkdir(parents=True)
    costs = []
    for number in range(runs):
        _land(landing / f"{number:06}.csv", first=number * ROWS)
        started, cpu = time.perf_counter(), cpu_seconds()
        result = run_pipeline(
            definition, spark=spark, warehouse=folder / "lake", variables={"landing": str(landing)}
        )
        costs.append(Cost(seconds=time.perf_counter() - started, cpu_seconds=cpu_seconds() - cpu))
        if result.failures:
            raise RuntimeError(str(result.failures))
        if (number + 1) % 20 == 0:
            print(f"run {number + 1}: {costs[-1]}", file=sys.stderr)
    return costs


def _land(file: Path, *, first: int) -> None:
    lines = [
        f"{number},2024-01-{number % 28 + 1:02},{number % 10 - 2}" for number in range(first, first + ROWS)
    ]
    file.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


def _left_by_runs(lake: Path) -> Table:
    table = Table(title="what the runs left")
    for heading in ("where", "data files", "commits", "all files", "MiB"):
        table.add_column(heading, justify="left" if heading == "where" else "right")
    system = [f"system/{folder.name}" for folder in sorted((lake / "system").iterdir()) if folder.is_dir()]
    for name in (*TABLES, *system):
        files = [path for path in (lake / name).rglob("*") if path.is_file()]
        is_table = (lake / name / "_delta_log").is_dir()
        snapshot = Snapshot.load(lake / name) if is_table else None
        table.add_row(
            name,
            f"{snapshot.files().num_rows:,}" if snapshot is not None else "",
            f"{snapshot.version + 1:,}" if snapshot is not None else "",
            f"{len(files):,}",
            f"{sum(path.stat().st_size for path in files) / 2**20:.1f}",
        )
    return table


def _curve(costs: list[Cost]) -> Table:
    table = Table(title=f"runs of {ROWS} rows: medians of {AROUND} runs")
    for heading in ("run", "seconds", "to the first", "of CPU", "to the first"):
        table.add_column(heading, justify="right")
    first, first_cpu = _medians(costs[:AROUND])
    powers = [power for power in (1, 10, 100, 1_000, 10_000) if power <= len(costs)]
    for number in sorted({*powers, len(costs)}):
        start = min(max(0, number - 1 - AROUND // 2), max(0, len(costs) - AROUND))
        median, cpu = _medians(costs[start : start + AROUND])
        ratios = (f"{median / first:.2f}", f"{cpu / first_cpu:.2f}")
        table.add_row(f"{number:,}", f"{median:.2f}", ratios[0], f"{cpu:.2f}", ratios[1])
    return table


def _medians(costs: list[Cost]) -> tuple[float, float]:
    return statistics.median(each.seconds for each in costs), statistics.median(
        each.cpu_seconds for each in costs
    )


if __name__ == "__main__":
    main()
