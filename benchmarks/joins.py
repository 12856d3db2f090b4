"""The claim: a join goes as fast as the best way for its sides, and is never much slower than Spark's own.

    python benchmarks/joins.py [--rows 10000000] [--only skew]

``skew``: 90 % of the rows have one key, joined with a tenth as many. ``filter``: the small side is left few keys by a
filter that Spark doesn't see through, and the large one lies by its key. ``even`` and ``large``: twenty joins of sides
that little is to be gained of. All ways run in one session in turn, with adaptive execution on; medians, the first
round left out. A join is repeated until it had its seconds; each of the four parts takes less than three minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from figures import show
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.optimization import (
    Clustering,
    JoinOptimizer,
    JoinSide,
    QueryOptimizer,
    SaltedJoin,
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
        bench = _Bench(session, Path(folder), options.rows)
        for name, measure in (
            ("skew", bench.skew),
            ("filter", bench.filter),
            ("even", bench.even),
            ("large", bench.large),
        ):
            if options.only in (None, name):
                show(name, measure())


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Two tables that are joined on ``key``, and what is known of them."""

    left: str
    right: str
    left_side: JoinSide
    right_side: JoinSide
    how: str = "inner"
    of_right: Callable[[DataFrame], DataFrame] = lambda rows: rows


class _Bench:
    def __init__(self, spark: SparkSession, folder: Path, rows: int) -> None:
        self._spark, self._folder, self._rows = spark, folder, rows
        self._random = np.random.default_rng(5)

    def skew(self) -> Iterator[Sequence[str]]:
        """Yield a broadcast, and salt where the side is said not to fit."""
        few = self._rows // 10
        keys = self._random.integers(0, few, self._rows)
        keys[self._random.random(self._rows) < SKEW] = 7
        pair = self._pair(self._table("skewed", keys), self._table("others", self._random.permutation(few)))
        yield "skewed rows", "chosen", "Spark", "ours", "ratio"
        ways = [
            JoinOptimizer(sample=True),
            JoinOptimizer([SaltedJoin()], sample=True),
        ]
        yield from self._compared(f"{self._rows:,} ⋈ {few:,}", pair, ways, seconds=50, least=2)

    def filter(self) -> Iterator[Sequence[str]]:
        """Yield a join whose small side has few keys after a filter that nobody can look into."""
        few = self._rows // 100
        left = self._table("by key", self._random.integers(0, few, self._rows))
        cluster = Clustering(columns=("key",), target_file_bytes=4 << 20)
        QueryOptimizer([cluster], rule=WorthRule(reads=1_000), manager=MANAGER).maintain(left)
        right = self._table("filtered", np.arange(few))
        hidden = F.udf(lambda key: key < 1_000, "boolean")
        pair = replace(
            self._pair(left, right, is_whole=False), of_right=lambda rows: rows.where(hidden("key"))
        )
        yield "a filter that Spark can't see", "chosen", "Spark", "ours", "ratio"
        yield from self._compared(f"{self._rows:,} ⋈ 1,000", pair, [JoinOptimizer()], seconds=40, least=3)

    def even(self) -> Iterator[Sequence[str]]:
        """Yield joins of sides without skew, up to a tenth of the rows."""
        yield from self._joins(
            ((1_000, 1_000), (100_000, 1_000), (self._rows // 10, self._rows // 100)), seconds=6
        )

    def large(self) -> Iterator[Sequence[str]]:
        """Yield joins of all rows with a tenth as many."""
        yield from self._joins(((self._rows, self._rows // 10),), seconds=15)

    def _joins(self, sizes: Sequence[tuple[int, int]], *, seconds: float) -> Iterator[Sequence[str]]:
        yield "even rows", "chosen", "Spark", "ours", "ratio"
        for many, few in sizes:
            left = self._table(f"left {many} {few}", self._random.integers(0, few, many))
            pair = self._pair(left, self._table(f"right {many} {few}", np.arange(few)))
            for how in ("inner", "left", "full", "semi", "anti"):
                title = f"{many:,} ⋈ {few:,} {how}"
                yield from self._compared(
                    title, replace(pair, how=how), [JoinOptimizer()], seconds=seconds, least=2
                )

    def _compared(
        self, title: str, pair: _Pair, ways: Sequence[JoinOptimizer], *, seconds: float, least: int
    ) -> Iterator[Sequence[str]]:
        """Yield a line for each way, all of which were run in turn with Spark's."""
        all_ways = (None, *ways)
        took: list[list[float]] = [[] for _ in all_ways]
        answers = set()
        ends = 0.0
        while len(took[0]) <= least or time.perf_counter() < ends:
            for way, times in zip(all_ways, took, strict=True):
                started = time.perf_counter()
                answers.add(_consumed(self._joined(pair, way)))
                times.append(time.perf_counter() - started)
            ends = ends or time.perf_counter() + seconds  # from the end of the first round, which warms Spark
        assert len(answers) == 1, answers
        spark, *ours = (statistics.median(times[1:]) for times in took)
        left, right = self._frames(pair)
        for way, median in zip(ways, ours, strict=True):
            known = {"left_side": pair.left_side, "right_side": pair.right_side}
            chosen = way.choose(way.sides(left, right, on=["key"], how=pair.how, **known))
            yield title, chosen.strategy.name, f"{spark:.2f} s", f"{median:.2f} s", f"{spark / median:.2f}"

    def _joined(self, pair: _Pair, way: JoinOptimizer | None) -> DataFrame:
        left, right = self._frames(pair)
        if way is None:
            return left.join(right, on=["key"], how=pair.how)
        return way.join(
            left, right, on="key", how=pair.how, left_side=pair.left_side, right_side=pair.right_side
        )

    def _frames(self, pair: _Pair) -> tuple[DataFrame, DataFrame]:
        left, right = (self._spark.read.format("delta").load(path) for path in (pair.left, pair.right))
        return left, pair.of_right(right.withColumnRenamed("value", "of_right"))

    def _pair(self, left: str, right: str, *, is_whole: bool = True) -> _Pair:
        sides = (
            side_of_table(Snapshot.load(left), ["key"]),
            side_of_table(Snapshot.load(right), ["key"], is_whole=is_whole),
        )
        return _Pair(left=left, right=right, left_side=sides[0], right_side=sides[1])

    def _table(self, name: str, keys: np.ndarray) -> str:
        path = self._folder / name
        with MANAGER.transaction(path) as transaction:
            transaction.append(pa.table({"key": keys, "value": self._random.integers(0, 1 << 62, len(keys))}))
        return str(path)


def _consumed(joined: DataFrame) -> tuple[object, ...]:
    """Look at every value of the rows, and return what must be the same for every way."""
    values = [F.sum(F.hash(F.col(name))).alias(name) for name in joined.columns]
    return tuple(joined.agg(F.count(F.lit(1)), *values).first() or ())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--only", choices=["skew", "filter", "even", "large"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
