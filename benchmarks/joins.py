"""The claim: a join goes as fast as the best way for its sides, and is never much slower than Spark's own.

    python benchmarks/joins.py [--rows 10000000] [--runs 3] [--only skew]

``skew``: 90 % of the rows have one key, joined with a tenth as many. ``filter``: the small side is left few keys by a
filter that Spark doesn't see through, and the large one lies by its key. ``even``: sides of several sizes that nothing
is to be gained of. Both ways run in one session in turn, with adaptive execution on; medians, the first round left out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.optimization import (
    BroadcastJoin,
    Clustering,
    JoinOptimizer,
    JoinSide,
    KeyFilterJoin,
    QueryOptimizer,
    SaltedJoin,
    SortMergeJoin,
    WorthRule,
    side_of_table,
)
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

SKEW = 0.9
MANAGER = TransactionManager(spark_writers=False)


def main() -> None:
    options = _options()
    session = SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]"))).create("joins")
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(session, Path(folder), options.rows, options.runs)
        for name, lines in (("skew", bench.skew), ("filter", bench.filter), ("even", bench.even)):
            if options.only in (None, name):
                _show(name, lines())


class _Bench:
    def __init__(self, spark: SparkSession, folder: Path, rows: int, runs: int) -> None:
        self._spark, self._folder, self._rows, self._runs = spark, folder, rows, runs
        self._random = np.random.default_rng(5)

    def skew(self) -> Iterator[Sequence[str]]:
        """Yield a broadcast, and salt where the side is said not to fit."""
        few = self._rows // 10
        keys = self._random.integers(0, few, self._rows)
        keys[self._random.random(self._rows) < SKEW] = 7
        left, right = self._table("skewed", keys), self._table("others", np.arange(few))
        known = side_of_table(_snapshot(right), ["key"])
        yield "skewed rows", "chosen", "Spark", "ours", "ratio"
        for strategies in ((BroadcastJoin(), SortMergeJoin()), (SaltedJoin(), SortMergeJoin())):
            optimizer = JoinOptimizer(strategies, sample=True)
            yield self._compared(left, right, optimizer, f"{self._rows:,} ⋈ {few:,}", known)

    def filter(self) -> Iterator[Sequence[str]]:
        """Yield a join whose small side has few keys after a filter that nobody can look into."""
        few = self._rows // 100
        left = self._table("by key", self._random.integers(0, few, self._rows))
        cluster = Clustering(columns=("key",), target_file_bytes=4 << 20)
        QueryOptimizer([cluster], rule=WorthRule(reads=1_000), manager=MANAGER).maintain(left)
        right = self._table("filtered", np.arange(few))
        hidden = F.udf(lambda key: key < 1_000, "boolean")
        optimizer = JoinOptimizer([KeyFilterJoin(least_bytes=1 << 20), SortMergeJoin()])
        yield "a filter that Spark can't see", "chosen", "Spark", "ours", "ratio"
        estimated = side_of_table(_snapshot(right), ["key"], is_whole=False)
        yield self._compared(
            left,
            right,
            optimizer,
            f"{self._rows:,} ⋈ 1,000",
            estimated,
            of_right=lambda rows: rows.where(hidden("key")),
        )

    def even(self) -> Iterator[Sequence[str]]:
        """Yield joins of sides without skew."""
        yield "even rows", "chosen", "Spark", "ours", "ratio"
        for many, few in (
            (1_000, 1_000),
            (100_000, 1_000),
            (1_000_000, 100_000),
            (self._rows, self._rows // 10),
        ):
            left = self._table(f"left {many}", self._random.integers(0, few, many))
            right = self._table(f"right {few} {many}", np.arange(few))
            known = side_of_table(_snapshot(right), ["key"])
            for how in ("inner", "left", "full", "semi", "anti"):
                yield self._compared(
                    left, right, JoinOptimizer(), f"{many:,} ⋈ {few:,} {how}", known, how=how
                )

    def _compared(
        self,
        left: str,
        right: str,
        optimizer: JoinOptimizer,
        title: str,
        right_side: JoinSide,
        *,
        how: str = "inner",
        of_right: Callable[[DataFrame], DataFrame] = lambda rows: rows,
    ) -> Sequence[str]:
        left_side = side_of_table(_snapshot(left), ["key"])
        took: dict[str, list[float]] = {"spark": [], "ours": []}
        counts = set()
        for _ in range(self._runs + 1):
            for way, seconds in took.items():
                started = time.perf_counter()
                one, other = (self._spark.read.format("delta").load(path) for path in (left, right))
                other = of_right(other.withColumnRenamed("value", "of_right"))
                if way == "spark":
                    joined = one.join(other, on=["key"], how=how)
                else:
                    joined = optimizer.join(
                        one, other, on="key", how=how, left_side=left_side, right_side=right_side
                    )
                counts.add(_consumed(joined))
                seconds.append(time.perf_counter() - started)
        assert len(counts) == 1, counts
        spark, ours = (statistics.median(seconds[1:]) for seconds in took.values())
        known = {"left_side": left_side, "right_side": right_side}
        chosen = optimizer.choose(optimizer.sides(one, other, on=["key"], how=how, **known))
        return title, chosen.strategy.name, f"{spark:.2f} s", f"{ours:.2f} s", f"{spark / ours:.2f}"

    def _table(self, name: str, keys: np.ndarray) -> str:
        path = self._folder / name
        with MANAGER.transaction(path) as transaction:
            transaction.append(pa.table({"key": keys, "value": self._random.integers(0, 1 << 40, len(keys))}))
        return str(path)


def _consumed(joined: DataFrame) -> tuple[object, ...]:
    """Look at every value of the rows, and return what must be the same for every way."""
    values = [F.sum(F.hash(F.col(name))).alias(name) for name in joined.columns]
    return tuple(joined.agg(F.count(F.lit(1)), *values).first() or ())


def _snapshot(path: str) -> Snapshot:
    return Snapshot.load(path)


def _show(title: str, lines: Iterator[Sequence[str]]) -> None:
    table = Table(*next(lines), title=title)
    for line in lines:
        table.add_row(*line)
    Console().print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["skew", "filter", "even"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
