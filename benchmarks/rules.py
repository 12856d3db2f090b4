"""The claim: all rules of a table take about the time of one aggregate over the same conditions.

    python benchmarks/rules.py [--rows 2000000] [--runs 5]

A Parquet folder with 20 columns is judged by three rules a column, sixty in all: rows are counted by what becomes of
them while the good ones are written, as a refresh does with rows that come one by one of a table. Beside it, one
``df.agg`` counts the rows that break each of the same sixty conditions, and the same good rows are read again and
written by a ``where``. Counting alone is one aggregate of either. Kept rows are those of a refresh whose steps look at
several rows: they are marked, held in memory, counted, and written from there.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from functools import reduce
from operator import and_
from pathlib import Path

from pyarrow.dataset import dataset
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines.refresh.counted_rows import CountedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.quality import Expectation, RuleAction, judge
from lakehouse.source_location import caller_location
from lakehouse.spark_session import SparkSessionFactory

COLUMNS = 20


def conditions() -> dict[str, str]:
    """Return the sixty conditions by name."""
    found = {}
    for number in range(COLUMNS):
        name = f"c{number}"
        found[f"there_{name}"] = f"{name} IS NOT NULL"
        if number % 2:
            found[f"large_{name}"] = f"{name} >= 0"
            found[f"small_{name}"] = f"{name} < 1000000"
        else:
            found[f"known_{name}"] = f"{name} IN ('a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'a0')"
            found[f"short_{name}"] = f"length({name}) <= 2"
    return found


def written_rows(spark: SparkSession, path: str, *, rows: int) -> None:
    """Write the rows: one in a thousand of each column is bad."""
    columns = [
        F.when(F.abs(F.hash("id", F.lit(number))) % 1000 == 0, F.lit(None))
        .otherwise(
            (F.col("id") * (number + 7) % 1_000_000).cast("int")
            if number % 2
            else F.concat(F.lit("a"), (F.col("id") * (number + 3)) % 10)
        )
        .alias(f"c{number}")
        for number in range(COLUMNS)
    ]
    spark.range(0, rows, 1, 8).select(*columns).write.mode("overwrite").parquet(path)


def rules() -> list[Expectation]:
    here = caller_location()
    return [
        Expectation(name=name, condition=text, action=RuleAction.DROP, location=here)
        for name, text in conditions().items()
    ]


def counted(frame: DataFrame) -> float:
    """Return the seconds of judging and counting alone."""
    started = time.monotonic()
    judge(frame, rules()).counted()
    return time.monotonic() - started


def judged(frame: DataFrame, target: str) -> float:
    """Judge, count and write in one action; return the seconds."""
    started = time.monotonic()
    counting = RowCounter()
    seen, entered = counting.count(frame)
    rows = CountedRows.of(judge(seen, rules()), entered, table="judged")
    rows.kept().write.mode("overwrite").parquet(target)
    tally = rows.tally(dataset(target).count_rows())
    assert tally.dropped > 0
    return time.monotonic() - started


def kept(frame: DataFrame, target: str) -> float:
    """Judge, hold, count and write; return the seconds."""
    started = time.monotonic()
    judgement = judge(frame, rules())
    judgement.marked.persist()
    judgement.counted()[0].kept().write.mode("overwrite").parquet(target)
    judgement.marked.unpersist()
    return time.monotonic() - started


def by_hand(frame: DataFrame, target: str) -> tuple[float, float]:
    """Count in one aggregate, and write what keeps all conditions; return the seconds of both."""
    counts = [F.count_if(~F.coalesce(F.expr(text), F.lit(False))) for text in conditions().values()]
    good = reduce(and_, (F.coalesce(F.expr(text), F.lit(False)) for text in conditions().values()))
    started = time.monotonic()
    frame.agg(F.count(F.lit(1)), *counts).collect()
    counting = time.monotonic() - started
    frame.where(good).write.mode("overwrite").parquet(target)
    return counting, time.monotonic() - started


def main(arguments: argparse.Namespace) -> None:
    spark = SparkSessionFactory().create("rules")
    spark.sparkContext.setLogLevel("ERROR")
    folder = Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        written_rows(spark, str(folder / "rows"), rows=arguments.rows)
        frame = spark.read.parquet(str(folder / "rows"))
        target = str(folder / "written")
        seconds: dict[str, list[float]] = {}
        for round_ in range(arguments.runs + 1):
            agg, agg_and_written = by_hand(frame, target)
            taken = {
                "by hand: counted": agg,
                "counted": counted(frame),
                "by hand: counted, then written": agg_and_written,
                "counted while written": judged(frame, target),
                "kept, counted, then written": kept(frame, target),
            }
            print(f"round {round_}: {taken}", flush=True)
            if round_:  # the first warms the session
                for what, one in taken.items():
                    seconds.setdefault(what, []).append(one)
        shown = Table(title=f"60 rules on 20 columns of {arguments.rows:,} rows: medians of {arguments.runs}")
        for heading in ("", "seconds", "to by hand"):
            shown.add_column(heading, justify="right")
        hand = 1.0
        for what, each in seconds.items():
            median = statistics.median(each)
            hand = median if what.startswith("by hand") else hand
            shown.add_row(what, f"{median:.2f}", f"{median / hand:.2f}")
        Console(width=110).print(shown)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None, help="where the rows are written")
    main(parser.parse_args())
