"""The claim: one new day costs ``deduplicate`` the same whatever the table holds; so do 1,500 random keys.

    python benchmarks/growth_dedup.py [--sizes 1,10,100] [--rows 220000] [--days 3] [--only random]

The history is a Silver table with as many rows as ``sizes`` times ``rows``, made by Spark: lines of sales over 150
days, a file for each day, compared as whole rows, by random keys, or by random keys within 30 days. The median of
``days`` runs with one new day each is printed, with the bytes that Spark read in them, the files that each comparison
opened, and the rows that are counted as not compared with all of the table. The first run, beside them, builds the
index of random keys.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from growth.reading import BytesRead, files_compared
from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    Refreshed,
    from_files,
    read,
    run_pipeline,
)
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import NativeTable, TransactionId

DAYS = 150
FIRST_DAY = date(2011, 1, 1)
ROWS_A_DAY = 1_500
COLUMNS = {"key": "string", "invoice": "string", "code": "string", "quantity": "int", "day": "timestamp"}
DEDUPLICATED = {
    "whole rows": lambda rows: rows.deduplicate(),
    "random keys": lambda rows: rows.deduplicate("key"),
    "random keys within 30 days": lambda rows: rows.deduplicate("key", within="30 days", order_by="day"),
}
"""How rows are compared: as a whole, with the day that tells files apart, or by keys that are all over each file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the runs of one history cost."""

    seconds: float
    first_seconds: float
    """Of the run before the measured ones; where keys are random, it builds the index."""
    read_mib: float
    """By Spark, in a run; what is looked through of the index comes beside it."""
    index_mib: float
    files: str
    beyond: int
    """Rows that were not compared with all of the table, as the last run counts them."""


def main() -> None:
    arguments = _arguments()
    console = Console(width=110)
    spark = SparkSessionFactory().create("growth of deduplication")
    for kind, deduplicated in DEDUPLICATED.items():
        if not kind.startswith(arguments.only):
            continue
        costs: dict[int, Cost] = {}
        for size in arguments.sizes:
            with tempfile.TemporaryDirectory(prefix="growth-dedup-") as folder:
                costs[size] = _measured(
                    spark, Path(folder), size * arguments.rows, deduplicated, arguments.days
                )
                print(kind, size, costs[size], flush=True)
        console.print(_curve(f"one new day, {kind}", costs, arguments.rows))
    spark.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    sizes = lambda text: [int(part) for part in text.split(",")]  # noqa: E731
    parser.add_argument("--sizes", type=sizes, default=[1, 10, 100])
    parser.add_argument("--rows", type=int, default=220_000)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument(
        "--only", default="", help="measure the kinds of comparison whose names begin with this"
    )
    return parser.parse_args()


def _definition(deduplicated: Callable[[Flow], Flow]) -> PipelineDefinition:
    typed = deduplicated(read("raw", incremental=True).cast(COLUMNS))
    return (
        DeclarativePipelineBuilder("growth")
        .variable("landing", default="landing")
        .bronze("raw", from_files("${landing}/*.csv", columns=tuple(COLUMNS)))
        .silver("sales", typed.select(*COLUMNS).append())
        .build()
    )


def _measured(
    spark: SparkSession, folder: Path, rows: int, deduplicated: Callable[[Flow], Flow], days: int
) -> Cost:
    """Run a first, small day; put the history into the table behind the run's back; then measure new days."""
    landing, lake, definition = folder / "landing", folder / "lake", _definition(deduplicated)
    landing.mkdir(parents=True)

    def run(day: int) -> tuple[float, int]:
        _land(landing, FIRST_DAY + timedelta(days=DAYS + day))
        started = time.perf_counter()
        result = run_pipeline(definition, spark=spark, warehouse=lake, variables={"landing": str(landing)})
        if result.failures:
            raise RuntimeError(str(result.failures))
        seconds = time.perf_counter() - started
        outcome = result.outcomes["sales"]
        steps = outcome.refreshes[-1].steps if isinstance(outcome, Refreshed) else ()
        beyond = sum(step.rows_in for step in steps if step.step.startswith("not compared"))
        return seconds, beyond

    run(0)
    _add_history(spark, lake / "silver" / "sales", rows)
    first, read_bytes = run(1)[0], BytesRead(spark)
    with files_compared() as files:
        runs = [run(2 + day) for day in range(days)]
    index = (lake / "silver" / "sales" / "_lakehouse_index").rglob("*.keys")
    return Cost(
        seconds=statistics.median(seconds for seconds, _ in runs),
        first_seconds=first,
        read_mib=read_bytes.mib() / days,
        index_mib=sum(segment.stat().st_size for segment in index) / 2**20,
        files=", ".join(files),
        beyond=runs[-1][1],
    )


def _land(landing: Path, day: date) -> None:
    lines = [
        f"{uuid.uuid4()},n{day:%j}{number // 20},{number % 400},{number % 7 + 1},"
        f"{day}T{number // 100:02}:{number % 60:02}:00Z"
        for number in range(ROWS_A_DAY)
    ]
    (landing / f"{day}.csv").write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


def _add_history(spark: SparkSession, table: Path, rows: int) -> None:
    """Append rows of 150 days, a file for each day."""
    a_day = rows // DAYS
    days = spark.range(0, a_day * DAYS, 1, DAYS).selectExpr("id", f"CAST(id DIV {a_day} AS int) AS n")
    history = days.selectExpr(
        "concat_ws('-', hex(xxhash64(id)), hex(xxhash64(id, 7))) AS key",
        "concat('h', id DIV 20) AS invoice",
        "CAST(id % 400 AS string) AS code",
        "CAST(id % 7 + 1 AS int) AS quantity",
        f"timestamp'{FIRST_DAY}' + make_dt_interval(n, 0, 0, id % 86400) AS day",
    )
    NativeTable(spark, str(table)).append(history, transaction=TransactionId(application="history", number=0))


def _curve(title: str, costs: dict[int, Cost], rows: int) -> Table:
    table = Table(title=title)
    for heading in (
        "rows held",
        "seconds",
        "to smallest",
        "MiB read",
        "to smallest",
        "index MiB",
        "files opened",
        "first run s",
        "not compared",
    ):
        table.add_column(heading, justify="right")
    smallest = next(iter(costs.values()))
    for size, cost in costs.items():
        table.add_row(
            f"{size * rows:,}",
            f"{cost.seconds:.2f}",
            f"{cost.seconds / smallest.seconds:.2f}",
            f"{cost.read_mib:.2f}",
            f"{cost.read_mib / max(smallest.read_mib, 0.01):.2f}",
            f"{cost.index_mib:.1f}",
            cost.files,
            f"{cost.first_seconds:.2f}",
            f"{cost.beyond:,}",
        )
    return table


if __name__ == "__main__":
    main()
