"""The claim: many small tables cost little beside the same written by hand, one after the other.

    python benchmarks/growth_tables.py [--tables 500] [--days 3]

First, a definition of ``tables`` tables (a third each of Bronze, Silver and Gold) is validated in a session that has
started, and once more. Then one new day of 1,000 rows goes through one Bronze, 25 Silver and 25 Gold tables, and
through the same tables written by hand with Delta on Spark; in turn, medians of the days. The bounds: 15 s, and 0.6
of the time by hand.
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

KINDS = 25
ROWS_A_DAY = 1_000
COLUMNS = {"id": "bigint", "kind": "int", "units": "int", "day": "date", "price": "decimal(10,2)"}


def main() -> None:
    arguments = _arguments()
    console = Console(width=100)
    spark = SparkSessionFactory().create("growth of tables")
    spark.range(1).collect()
    ours, by_hand = [], []
    with tempfile.TemporaryDirectory(prefix="growth-tables-") as folder:
        landing = Path(folder) / "landing"
        landing.mkdir()
        for turn in ("first", "second"):
            seconds = _seconds_to_validate(spark, landing, arguments.tables)
            console.print(
                f"validate of {arguments.tables} tables, {turn} time in the session: {seconds:.1f} s"
            )
        for day in range(arguments.days + 1):
            _land(landing, day)
            seconds = _timed_run(spark, Path(folder))
            hand = _timed_hand(spark, Path(folder), landing / f"{day:03}.csv")
            _check_equal(spark, Path(folder))
            if day:  # the first day warms up
                ours.append(seconds)
                by_hand.append(hand)
    spark.stop()
    ratios = [one / other for one, other in zip(ours, by_hand, strict=True)]
    console.print(f"one new day through 1 + {KINDS} + {KINDS} tables, medians of {arguments.days} days:")
    console.print(f"  by hand, table after table: {statistics.median(by_hand):.1f} s")
    console.print(f"  lakehouse: {statistics.median(ours):.1f} s, {statistics.median(ratios):.2f} of by hand")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=int, default=500)
    parser.add_argument("--days", type=int, default=3)
    return parser.parse_args()


def _seconds_to_validate(spark: SparkSession, landing: Path, tables: int) -> float:
    builder = DeclarativePipelineBuilder("many")
    for number in range(tables // 3 + 1):
        raw, silver, gold = f"raw{number}", f"silver{number}", f"gold{number}"
        builder.bronze(raw, from_files(f"{landing}/*.csv", columns=COLUMNS))
        typed = read(raw, incremental=True).cast(COLUMNS).deduplicate().where("units > 0")
        builder.silver(silver, typed.expect_or_drop("priced", "price > 0").append())
        builder.gold(gold, read(silver).aggregate(by="day", units="sum(units)", n="count(*)").replace())
    definition = builder.build()
    started = time.perf_counter()
    resolve(definition, spark).check()
    return time.perf_counter() - started


def _definition() -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("growth").variable("landing", default="landing")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    typed = read("raw", incremental=True).cast(COLUMNS)
    for kind in range(KINDS):
        rows = typed.where(f"kind = {kind}").expect_or_drop("priced", "price > 0")
        builder.silver(f"sales{kind}", rows.append())
        days = read(f"sales{kind}").aggregate(by="day", units="sum(units)", revenue="sum(units * price)")
        builder.gold(f"days{kind}", days.replace())
    return builder.build()


def _timed_run(spark: SparkSession, folder: Path) -> float:
    definition = _definition()
    started = time.perf_counter()
    result = run_pipeline(
        definition, spark=spark, warehouse=folder / "lake", variables={"landing": str(folder / "landing")}
    )
    seconds = time.perf_counter() - started
    if result.status != "ok":
        raise RuntimeError(str(result.failures))
    return seconds


def _timed_hand(spark: SparkSession, folder: Path, file: Path) -> float:
    started = time.perf_counter()
    hand = folder / "hand"
    texts = ", ".join(f"{name} string" for name in COLUMNS)
    raw = spark.read.schema(texts).option("header", True).csv(str(file))
    raw.write.format("delta").mode("append").save(str(hand / "raw"))
    typed = raw.select(*(F.expr(f"CAST({name} AS {to})").alias(name) for name, to in COLUMNS.items()))
    for kind in range(KINDS):
        rows = typed.where(f"kind = {kind} AND price > 0")
        rows.write.format("delta").mode("append").save(str(hand / f"sales{kind}"))
        days = spark.read.format("delta").load(str(hand / f"sales{kind}")).groupBy("day")
        made = days.agg(F.expr("sum(units)").alias("units"), F.expr("sum(units * price)").alias("revenue"))
        made.write.format("delta").mode("overwrite").save(str(hand / f"days{kind}"))
    return time.perf_counter() - started


def _check_equal(spark: SparkSession, folder: Path) -> None:
    for kind in (0, KINDS - 1):
        made = spark.read.format("delta").load(str(folder / "lake" / "gold" / f"days{kind}"))
        by_hand = spark.read.format("delta").load(str(folder / "hand" / f"days{kind}"))
        if sorted(map(repr, made.collect())) != sorted(map(repr, by_hand.collect())):
            raise RuntimeError(f"days{kind} differs from the table by hand")


def _land(landing: Path, day: int) -> None:
    first = day * ROWS_A_DAY
    lines = [
        f"{number},{number % KINDS},{number % 9 - 1},2024-01-{day + 1:02},{number % 700 / 100:.2f}"
        for number in range(first, first + ROWS_A_DAY)
    ]
    text = "\n".join([",".join(COLUMNS), *lines]) + "\n"
    (landing / f"{day:03}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
