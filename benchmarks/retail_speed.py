"""The claim: the retail pipeline by lakehouse takes no longer than the same pipeline written by hand, and runs
with little or nothing new take a fraction of a full run; Spark's declarative pipelines take several times longer.

    python benchmarks/retail_speed.py [--data FOLDER] [--runs 5] [--only ours|rival]

Both sides run in one warm session, in turn; each full run fills an empty warehouse. Medians are printed.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import SparkSession
from retail import by_hand
from retail.connect_server import connect_server, run_declarative_pipeline
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import run_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[1]
GOLD = ("daily_revenue", "customer_value", "country_month")


def main() -> None:
    arguments = _arguments()
    console = Console(width=100)
    with tempfile.TemporaryDirectory(prefix="retail-speed-") as folder:
        seconds: dict[str, list[float]] = {}
        if arguments.only != "rival":
            seconds |= _ours_and_by_hand(Path(folder), arguments.data, arguments.runs)
        if arguments.only != "ours":
            seconds["pyspark.pipelines, all days"] = _rival(Path(folder), arguments.data, arguments.runs)
    console.print(_as_table(seconds, len(_days(arguments.data)), arguments.runs))


def _arguments() -> argparse.Namespace:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=("ours", "rival"), help="measure one half: it takes minutes")
    return parser.parse_args()


def _ours_and_by_hand(folder: Path, data: Path, runs: int) -> dict[str, list[float]]:
    spark = SparkSessionFactory().create("retail speed")
    hand, ours, growing = folder / "hand", folder / "ours", folder / "growing"
    landing, *later = _landing_with_days_left(folder, data, runs + 1)
    _refresh(spark, landing, growing)
    seconds: dict[str, list[float]] = {}
    for number, day in enumerate(later):
        full = {
            "by hand, all days": lambda: by_hand.run(spark, str(data), str(_emptied(hand))),
            "lakehouse, all days": lambda: _refresh(spark, data, _emptied(ours)),
        }
        # Whoever comes second finds warmer code and a busier collector: they take turns.
        for name in sorted(full, reverse=number % 2 == 1):
            _note(seconds, name, _timed(full[name]))
        shutil.copy(day, landing)
        for name in ("lakehouse, one new day", "lakehouse, nothing new"):
            _note(seconds, name, _timed(lambda: _refresh(spark, landing, growing)))
    _check_equal(spark, hand, ours)
    spark.stop()
    return {name: values[1:] for name, values in seconds.items()}  # the first round warms up


def _rival(folder: Path, data: Path, runs: int) -> list[float]:
    seconds: dict[str, list[float]] = {}
    with connect_server(folder) as remote:
        for _ in range(runs + 1):
            _note(seconds, "pyspark.pipelines", run_declarative_pipeline(remote, folder, str(data)))
    return seconds["pyspark.pipelines"][1:]


def _landing_with_days_left(folder: Path, data: Path, left: int) -> list[Path]:
    """Copy all days but the last few into a landing folder; return it, and the days that are left."""
    landing = folder / "landing"
    landing.mkdir()
    days = _days(data)
    for day in days[:-left]:
        shutil.copy(day, landing)
    return [landing, *days[-left:]]


def _days(data: Path) -> list[Path]:
    return sorted(data.glob("*.csv*"))


def _refresh(spark: SparkSession, landing: Path, warehouse: Path) -> None:
    definition = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
    result = run_pipeline(definition, spark=spark, warehouse=warehouse, variables={"landing": str(landing)})
    if result.failures:
        raise RuntimeError(str(result.failures))


def _check_equal(spark: SparkSession, hand: Path, ours: Path) -> None:
    """Two pipelines are worth comparing only if they answer the same."""
    for name in GOLD:
        one, other = (spark.read.format("delta").load(str(side / "gold" / name)) for side in (hand, ours))
        if one.exceptAll(other.select(one.columns)).count() or one.count() != other.count():
            raise RuntimeError(f"{name} differs between the two")


def _emptied(warehouse: Path) -> Path:
    shutil.rmtree(warehouse, ignore_errors=True)
    return warehouse


def _note(seconds: dict[str, list[float]], name: str, value: float) -> None:
    """Keep the figure, and show it: a run takes minutes."""
    seconds.setdefault(name, []).append(value)
    print(f"{name}: {value:.2f} s", file=sys.stderr)


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _as_table(seconds: dict[str, list[float]], days: int, runs: int) -> Table:
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    full, hand = medians.get("lakehouse, all days"), medians.get("by hand, all days")
    table = Table(title=f"retail, {days} days: medians of {runs} warm runs")
    for heading in ("run", "median s", "fastest s", "slowest s", "to by hand", "to our full run"):
        table.add_column(heading, justify="left" if heading == "run" else "right")
    for name, median in medians.items():
        times = [f"{value:.2f}" for value in (median, min(seconds[name]), max(seconds[name]))]
        table.add_row(name, *times, _ratio(median, hand), _ratio(median, full))
    return table


def _ratio(value: float, to: float | None) -> str:
    return f"{value / to:.2f}" if to else ""


if __name__ == "__main__":
    main()
