"""Lets files land and takes them into Bronze, Silver and Gold, again and again, until somebody kills it.

Run as: python killed_loop.py HOME. Prints a line after each run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from indexed_tables import index_every_table
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read, run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

NEW, AGAIN = 12, 5
"""Of each file: keys that are new, and keys of earlier files."""
FAST = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
SMALL = Settings(spark=SparkSettings(master="local[2]", conf=FAST, compiler="quick"))

pipeline = (
    DeclarativePipelineBuilder("loop")
    .variable("landing", default="none")
    .bronze("raw", from_files("${landing}/*.csv", columns=("id", "day", "customer", "units")))
    .silver("kept", read("raw", incremental=True).cast({"units": "int"}).deduplicate("id").append())
    .gold(
        "days",
        read("kept")
        .aggregate(by="day", units="sum(units)", sales="count(*)", customers="count(DISTINCT customer)")
        .replace(),
    )
    .build()
)


def row(number: int) -> tuple[str, str, str, int]:
    """Return the sale of a number: its key sorts anywhere, and it is the same whenever it comes."""
    key = f"{number * 2654435761 % 2**32:08x}"
    return key, f"2024-01-{number // 40 % 28 + 1:02}", f"c{number * 7 % 31}", number % 9 + 1


def land(folder: Path) -> None:
    """Let the next file appear, whole."""
    file = len(list(folder.glob("*.csv")))
    numbers = [*range(file * NEW, (file + 1) * NEW), *(file * NEW * n // AGAIN for n in range(AGAIN))]
    lines = ["id,day,customer,units", *(",".join(map(str, row(number))) for number in numbers)]
    part = folder / f".{file}"
    part.write_text("\n".join(lines) + "\n")
    part.rename(folder / f"{file:05}.csv")


def go(spark: SparkSession, home: Path) -> str:
    """Run once."""
    variables = {"landing": str(home / "landing")}
    result = run_pipeline(pipeline, spark=spark, warehouse=home / "lake", variables=variables)
    if result.failures:
        sys.exit(str(result.failures))
    return result.status


if __name__ == "__main__":
    index_every_table()
    home = Path(sys.argv[1])
    session = SparkSessionFactory(SMALL).create("killed loop")
    while True:
        land(home / "landing")
        print(go(session, home), flush=True)
