"""The claim: many small tables cost little beside the same written by hand, one after the other.

    python benchmarks/growth_tables.py [--only validate|days] [--tables 500] [--kinds 25] [--days 3]

First, a definition of ``tables`` tables (a third each of Bronze, Silver and Gold, each with columns of its own) is
validated in a session that has just started, and once more. Then one new day of 1,000 rows goes through one Bronze,
25 Silver and 25 Gold tables, and through the same tables written by hand with Delta on Spark; in turn, medians of
the days. The bounds: 15 s for 500 tables and 5 s for 10, and 0.6 of the time by hand.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    from_files,
    read,
    resolve,
    run_pipeline,
)
from lakehouse.spark_session import SparkSessionFactory

ROWS_A_DAY = 1_000
COLUMNS = {"id": "bigint", "kind": "int", "units": "int", "day": "date", "price": "decimal(10,2)"}


def main() -> None:
    arguments = _arguments()
    console = Console(width=100)
    # As the command line starts one for work that is small.
    spark = SparkSessionFactory().create("growth of tables", expected_bytes=0)
    with tempfile.TemporaryDirectory(prefix="growth-tables-") as folder:
        if arguments.only in (None, "validate"):
            _show_validation(console, spark, Path(folder), arguments.tables)
        if arguments.only in (None, "days"):
            _show_days(console, spark, Path(folder), kinds=arguments.kinds, days=arguments.days)
    spark.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=["validate", "days"])
    parser.add_argument("--tables", type=int, default=500)
    parser.add_argument("--kinds", type=int, default=25, help="how many Silver tables, and Gold tables")
    parser.add_argument("--days", type=int, default=3)
    return parser.parse_args()


def _show_validation(console: Console, spark: SparkSession, folder: Path, tables: int) -> None:
    for turn in ("first", "second", "third"):
        definition = _many(folder, tables, version=turn if turn == "third" else "")
        started = time.perf_counter()
        resolve(definition, spark).check()
        seconds = time.perf_counter() - started
        what = "with other columns" if turn == "third" else f"{turn} time in the session"
        console.print(f"validate of {len(definition.tables)} tables, {what}: {seconds:.1f} s")


def _many(landing: Path, tables: int, *, version: str) -> PipelineDefinition:
    """Return a definition whose tables have no column in common but ``day``."""
    builder = DeclarativePipelineBuilder("many")
    for number in range(max(1, tables // 3)):
        raw, silver, gold = f"raw{number}", f"silver{number}", f"gold{number}"
        names = {name: name if name == "day" else f"{name}{version}_{number}" for name in COLUMNS}
        columns = {names[name]: data_type for name, data_type in COLUMNS.items()}
        units, price = names["units"], names["price"]
        builder.bronze(raw, from_files(f"{landing}/*.csv", columns=columns))
        typed = read(raw, incremental=True).cast(columns).deduplicate().where(f"{units} > 0")
        builder.silver(silver, typed.expect_or_drop("priced", f"{price} > 0").append())
        builder.gold(gold, read(silver).aggregate(by="day", units=f"sum({units})", n="count(*)").replace())
    return builder.build()


def _show_days(console: Console, spark: SparkSession, folder: Path, *, kinds: int, days: int) -> None:
    landing = folder / "landing"
    landing.mkdir()
    ours, by_hand = [], []
    for day in range(days + 1):
        _land(landing, day, kinds)
        ours.append(_timed_run(spark, folder, kinds))
        by_hand.append(_timed_hand(spark, folder, landing / f"{day:03}.csv", kinds))
        _check_equal(spark, folder, kinds)
        what = f"day {day}" if day else "the first day, which warms up"
        console.print(f"{what}: by hand {by_hand[-1]:.1f} s, lakehouse {ours[-1]:.1f} s")
    ratios = [one / other for one, other in zip(ours, by_hand, strict=True)][1:]
    console.print(f"one new day through 1 + {kinds} + {kinds} tables, medians of {days} days:")
    console.print(f"  by hand, table after table: {statistics.median(by_hand[1:]):.1f} s")
    console.print(
        f"  lakehouse: {statistics.median(ours[1:]):.1f} s, {statistics.median(ratios):.2f} of by hand"
    )


def _definition(kinds: int) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("growth").variable("landing", default="landing")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    typed = read("raw", incremental=True).cast(COLUMNS)
    for kind in range(kinds):
        rows = typed.where(f"kind = {kind}").expect_or_drop("priced", "price > 0")
        builder.silver(f"sales{kind}", rows.append())
        days = read(f"sales{kind}").aggregate(by="day", units="sum(units)", revenue="sum(units * price)")
        builder.gold(f"days{kind}", days.replace())
    return builder.build()


def _timed_run(spark: SparkSession, folder: Path, kinds: int) -> float:
    definition = _definition(kinds)
    started = time.perf_counter()
    result = run_pipeline(
        definition, spark=spark, warehouse=folder / "lake", variables={"landing": str(folder / "landing")}
    )
    seconds = time.perf_counter() - started
    if result.status != "ok":
        raise RuntimeError(str(result.failures))
    return seconds


def _timed_hand(spark: SparkSession, folder: Path, file: Path, kinds: int) -> float:
    started = time.perf_counter()
    hand = folder / "hand"
    texts = ", ".join(f"{name} string" for name in COLUMNS)
    raw = spark.read.schema(texts).option("header", True).csv(str(file))
    raw.write.format("delta").mode("append").save(str(hand / "raw"))
    typed = raw.select(*(F.expr(f"CAST({name} AS {to})").alias(name) for name, to in COLUMNS.items()))
    for kind in range(kinds):
        rows = typed.where(f"kind = {kind} AND price > 0")
        rows.write.format("delta").mode("append").save(str(hand / f"sales{kind}"))
        days = spark.read.format("delta").load(str(hand / f"sales{kind}")).groupBy("day")
        made = days.agg(F.expr("sum(units)").alias("units"), F.expr("sum(units * price)").alias("revenue"))
        made.write.format("delta").mode("overwrite").save(str(hand / f"days{kind}"))
    return time.perf_counter() - started


def _check_equal(spark: SparkSession, folder: Path, kinds: int) -> None:
    for kind in sorted({0, kinds - 1}):
        made = spark.read.format("delta").load(str(folder / "lake" / "gold" / f"days{kind}"))
        by_hand = spark.read.format("delta").load(str(folder / "hand" / f"days{kind}"))
        if sorted(map(repr, made.collect())) != sorted(map(repr, by_hand.collect())):
            raise RuntimeError(f"days{kind} differs from the table by hand")


def _land(landing: Path, day: int, kinds: int) -> None:
    first = day * ROWS_A_DAY
    lines = [
        f"{number},{number % kinds},{number % 9 - 1},2024-01-{day + 1:02},{number % 700 / 100:.2f}"
        for number in range(first, first + ROWS_A_DAY)
    ]
    text = "\n".join([",".join(COLUMNS), *lines]) + "\n"
    (landing / f"{day:03}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
