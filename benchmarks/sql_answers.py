"""The claim: ``lakehouse sql`` answers in about a second, the process's start included, and without a JVM.

    python benchmarks/sql_answers.py [--rows 1000000] [--rounds 7]

Whole processes, from start to exit, over a table of sums by day and over the sales that it comes from.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from figures import seconds_of, show

from lakehouse.delta_log import TransactionManager

COMMAND = (
    "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]) or 'pyspark' in sys.modules)"
)
DAYS = 400
FILES = 20
ASKED: Mapping[str, Sequence[str]] = {
    "sql: 5 of 400 days": ("sql", "SELECT * FROM gold.days ORDER BY day DESC LIMIT 5"),
    "sql: sums of all sales by country": (
        "sql",
        "SELECT country, sum(units * price) AS revenue FROM silver.sales GROUP BY country ORDER BY country",
    ),
    "sql: days joined with the sales of one": (
        "sql",
        "SELECT d.day, d.units, count(*) AS sales FROM gold.days d JOIN silver.sales s USING (day) "
        "WHERE d.day = 7 GROUP BY ALL",
    ),
    "table cat: one day's sales of a country, two columns": (
        *("table", "cat", "warehouse/silver/sales", "--where", "day = 7 AND country = 'c3'"),
        *("--columns", "units,price"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7, help="How many, the first of which doesn't count.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sql-answers-") as folder:
        make_tables(Path(folder) / "warehouse", arguments.rows)
        taken: dict[str, list[float]] = {what: [] for what in ASKED}
        for _ in range(arguments.rounds):
            for what, command in ASKED.items():
                taken[what].append(seconds_of(lambda command=command: ask(Path(folder), command)))  # type: ignore[misc]
    show(
        f"{arguments.rows:,} sales in {FILES} files", lines({what: each[1:] for what, each in taken.items()})
    )


def make_tables(warehouse: Path, rows: int) -> None:
    """Write the sales, a range of days a file, and their sums by day."""
    chance = np.random.default_rng(1)
    manager = TransactionManager()
    units_by_day = np.zeros(DAYS, dtype=np.int64)
    for number in range(FILES):
        count = rows // FILES
        days = chance.integers(number * DAYS // FILES, (number + 1) * DAYS // FILES, count)
        units = chance.integers(1, 50, count)
        np.add.at(units_by_day, days, units)
        countries = pa.array([f"c{each}" for each in chance.integers(0, 38, count)])
        prices = pa.array(chance.integers(1, 10_000, count) / 100)
        sales = pa.table({"day": days, "country": countries, "units": units, "price": prices})
        with manager.transaction(warehouse / "silver" / "sales") as transaction:
            transaction.append(sales)
    with manager.transaction(warehouse / "gold" / "days") as transaction:
        transaction.append(pa.table({"day": np.arange(DAYS), "units": units_by_day}))


def ask(folder: Path, command: Sequence[str]) -> None:
    """Run the command in a process of its own, which ends badly where it loads pyspark."""
    subprocess.run([sys.executable, "-c", COMMAND, *command], cwd=folder, capture_output=True, check=True)


def lines(taken: Mapping[str, Sequence[float]]) -> Iterator[Sequence[str]]:
    yield "asked for", "seconds, median", "fastest", "slowest"
    for what, each in taken.items():
        yield what, *(f"{value:.2f}" for value in (statistics.median(each), min(each), max(each)))


if __name__ == "__main__":
    main()
