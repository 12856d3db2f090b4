"""Every way to join gives the rows and columns of a join that is made by hand."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.optimization import (
    BroadcastJoin,
    HeavyKey,
    JoinOptimizer,
    JoinRequest,
    JoinSide,
    JoinSides,
    JoinStrategy,
    KeyFilterJoin,
    Offer,
    SaltedJoin,
    ShuffleHashJoin,
    SortMergeJoin,
)
from lakehouse.optimization.joins.sampling import sampled

pytestmark = pytest.mark.spark

KINDS = ["inner", "left", "right", "full", "semi", "anti"]
GB = 1 << 30
Rows = Sequence[tuple[Any, ...]]


def side_rows(seed: int, count: int) -> Rows:
    """Return rows of two key columns, half of them alike, with nulls and duplicates, and a value."""
    drawn = random.Random(seed)
    firsts, seconds = [1, 1, 1, 1, 2, 3, 40 + seed, None], ["a", "a", "a", "b", None]
    return [(drawn.choice(firsts), drawn.choice(seconds), drawn.randrange(4)) for _ in range(count)]


LEFT, RIGHT = side_rows(1, 30), side_rows(2, 24)


def joined_by_hand(left: Rows, right: Rows, kind: str, keys: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a join on the first ``keys`` columns, by looking at each pair."""
    pairs = [
        (one, other)
        for one, other in itertools.product(range(len(left)), range(len(right)))
        if None not in left[one][:keys] and left[one][:keys] == right[other][:keys]
    ]
    met_left, met_right = {one for one, _ in pairs}, {other for _, other in pairs}
    rest_of_left, rest_of_right = (None,) * (3 - keys), (None,) * (3 - keys)
    if kind in ("semi", "anti"):
        yield from (row for number, row in enumerate(left) if (number in met_left) == (kind == "semi"))
        return
    yield from (left[one] + right[other][keys:] for one, other in pairs)
    if kind in ("left", "full"):
        yield from (row + rest_of_right for number, row in enumerate(left) if number not in met_left)
    if kind in ("right", "full"):
        alone = (row for number, row in enumerate(right) if number not in met_right)
        yield from (row[:keys] + rest_of_left + row[keys:] for row in alone)


def heavy(*values: Any) -> tuple[HeavyKey, ...]:
    return (HeavyKey(values=values, share=0.5),)


def forced(kind: str, keys: int) -> Iterator[tuple[str, JoinStrategy, JoinSides]]:
    """Yield each strategy that does something of its own, with sides that make it act."""
    small = JoinSide(size_bytes=1, row_count=1, is_bound=True)
    large = JoinSide(size_bytes=GB, is_bound=True, key_share=0.01)
    skewed = JoinSide(size_bytes=GB, heavy_keys=heavy(*(1, "a")[:keys]))
    yield "broadcast right", BroadcastJoin(), JoinSides(left=large, right=small, kind=kind)
    yield "broadcast left", BroadcastJoin(), JoinSides(left=small, right=large, kind=kind)
    yield "shuffle-hash", ShuffleHashJoin(), JoinSides(left=large, right=small, kind=kind)
    yield "salted left", SaltedJoin(), JoinSides(left=skewed, right=large, kind=kind)
    yield "salted right", SaltedJoin(), JoinSides(left=large, right=skewed, kind=kind)
    yield "key-filter left", KeyFilterJoin(), JoinSides(left=large, right=small, kind=kind)
    yield "key-filter right", KeyFilterJoin(), JoinSides(left=small, right=large, kind=kind)


@pytest.fixture(scope="module")
def sides(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    """Both sides; their third column has the same name."""
    schema = "first bigint, second string, `the value` bigint"
    return spark.createDataFrame(LEFT, schema), spark.createDataFrame(RIGHT, schema)


@pytest.fixture
def one_plan(spark: SparkSession, interpreted: None) -> Iterator[None]:
    """Plans are made once: two dozen joins in one query would be planned again after each of their stages."""
    before = spark.conf.get("spark.sql.adaptive.enabled")
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    yield
    spark.conf.set("spark.sql.adaptive.enabled", before)


@pytest.mark.usefixtures("one_plan")
def test_every_strategy_gives_the_rows_of_a_join_by_hand(sides: tuple[DataFrame, DataFrame]) -> None:
    left, right = sides
    shown: dict[str, DataFrame] = {}
    expected: dict[str, Counter[tuple[Any, ...]]] = {}
    for number, kind in enumerate(KINDS):
        # A key of one column and one of two, in turn: a strategy meets both, with other kinds.
        for turn, (one, two) in enumerate(zip(forced(kind, 1), forced(kind, 2), strict=True)):
            keys = 1 + (number + turn) % 2
            name, strategy, known = (one, two)[keys - 1]
            on = ("first", "second")[:keys]
            if strategy.offer(known) is None:
                continue  # it would join as Spark does
            plain = left.join(right, on=list(on), how=kind)
            joined = strategy.join(left, right, JoinRequest(on=on, how=kind, sides=known))
            case = f"{kind}, {name}"
            assert joined.columns == plain.columns, case
            assert [field.dataType for field in joined.schema] == [
                field.dataType for field in plain.schema
            ], case
            shown[case] = joined
            expected[case] = Counter(joined_by_hand(LEFT, RIGHT, kind, keys))
    assert len(shown) == 26
    found = rows_of(shown)
    for case, rows in expected.items():
        assert found[case] == rows, case


def rows_of(frames: dict[str, DataFrame]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return the rows of many small frames, each as often as it is there, by one collection."""
    parts = []
    for case, frame in frames.items():
        named = frame.toDF(*(f"c{number}" for number in range(len(frame.columns))))
        values = F.array(*(F.col(name).cast("string") for name in named.columns))
        parts.append(named.select(F.lit(case).alias("case"), values.alias("row")))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionAll(part)
    found: dict[str, Counter[tuple[Any, ...]]] = {case: Counter() for case in frames}
    for case, row in whole.collect():
        found[case][tuple(row)] += 1
    return {
        case: Counter({_typed(row, frames[case]): count for row, count in rows.items()})
        for case, rows in found.items()
    }


def _typed(row: tuple[Any, ...], frame: DataFrame) -> tuple[Any, ...]:
    types = [field.dataType.simpleString() for field in frame.schema]
    return tuple(
        int(value) if value is not None and kind == "bigint" else value
        for value, kind in zip(row, types, strict=True)
    )


def test_the_optimizer_joins_as_it_chose_and_leaves_adaptive_execution_on(
    spark: SparkSession, sides: tuple[DataFrame, DataFrame]
) -> None:
    left, right = sides
    small = JoinSide(size_bytes=1, row_count=24, is_bound=True)
    large = JoinSide(size_bytes=GB, is_bound=True)
    joined = JoinOptimizer().join(left, right, on="first", left_side=large, right_side=small)
    plan = joined._jdf.queryExecution().executedPlan().toString()
    assert "BroadcastHashJoin" in plan
    assert "AdaptiveSparkPlan" in plan
    unknown = JoinOptimizer(sample=True).join(left, right, on=["first", "second"], how="left_outer")
    assert unknown.columns == ["first", "second", "the value", "the value"]
    assert unknown.count() == len(list(joined_by_hand(LEFT, RIGHT, "left", 2)))


def test_a_sample_is_drawn_only_where_a_frequent_key_would_change_the_choice(
    sides: tuple[DataFrame, DataFrame],
) -> None:
    left, right = sides
    large = JoinSide(size_bytes=GB, is_bound=True)
    small = JoinSide(size_bytes=1, row_count=24, is_bound=True)

    def heavy_keys(strategies: Sequence[JoinStrategy], right_side: JoinSide, how: str) -> int:
        found = JoinOptimizer(strategies, sample=True).sides(
            left, right, on=["first"], how=how, left_side=large, right_side=right_side
        )
        return len(found.left.heavy_keys)

    only_salt = [SaltsForNothing(), SortMergeJoin()]
    assert heavy_keys(only_salt, large, "inner") > 0
    assert heavy_keys([SortMergeJoin()], large, "inner") == 0, "there is no other way"
    assert heavy_keys([*only_salt, BroadcastJoin()], small, "inner") == 0, "a broadcast needs no even keys"


class SaltsForNothing(SaltedJoin):
    """Salt that costs nothing, so that two cores choose it."""

    def offer(self, sides: JoinSides) -> Offer | None:
        found = super().offer(sides)
        return None if found is None else Offer(cost=1, reason=found.reason)


def test_a_sample_finds_the_keys_that_many_rows_have(sides: tuple[DataFrame, DataFrame]) -> None:
    left, _ = sides
    counts = Counter(row[:2] for row in LEFT)
    expected = {values for values, count in counts.items() if count >= 3 and None not in values}
    found = sampled(left, ("first", "second"), JoinSide(size_bytes=GB))
    assert {key.values for key in found.heavy_keys} == expected
    assert found.heaviest_share == pytest.approx(max(counts[values] for values in expected) / len(LEFT))
