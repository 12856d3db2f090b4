"""Which way to join is chosen, by what is known: pure decisions, no session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from lakehouse.delta_log import Snapshot
from lakehouse.optimization import (
    HeavyKey,
    JoinOptimizer,
    JoinRequest,
    JoinSide,
    JoinSides,
    JoinStrategy,
    Offer,
    UnjoinableError,
    kind_of_join,
    side_of_table,
)
from tests.own_words import known_by
from tests.unit.optimization.optimized_tables import append

MB = 1 << 20
LARGE = JoinSide(size_bytes=1_000 * MB, row_count=50_000_000, is_bound=True)
SMALL = JoinSide(size_bytes=312 << 10, row_count=10_000, is_bound=True)
SKEWED = replace(LARGE, heavy_keys=(HeavyKey(values=(1,), share=0.9),))
MIDDLE = replace(LARGE, size_bytes=400 * MB)


def choice(left: JoinSide, right: JoinSide, kind: str = "inner") -> str:
    sides = JoinSides(left=left, right=right, kind=kind, parallelism=8, broadcast_bytes=10 * MB)
    return str(JoinOptimizer().choose(sides))


@pytest.mark.parametrize("kind", ["inner", "left", "semi", "anti"])
def test_a_small_right_side_is_broadcast(kind: str) -> None:
    assert choice(LARGE, SMALL, kind) == "broadcast: right side 312 KB ≤ 10 MB"


@pytest.mark.parametrize("kind", ["inner", "right"])
def test_a_small_left_side_is_broadcast(kind: str) -> None:
    assert choice(SMALL, LARGE, kind) == "broadcast: left side 312 KB ≤ 10 MB"


@pytest.mark.parametrize(
    ("left", "right", "kind"), [(SMALL, LARGE, "left"), (LARGE, SMALL, "right"), (LARGE, SMALL, "full")]
)
def test_a_side_that_shows_rows_without_a_match_is_never_broadcast(
    left: JoinSide, right: JoinSide, kind: str
) -> None:
    assert not choice(left, right, kind).startswith("broadcast")


@pytest.mark.parametrize(
    "right",
    [
        replace(SMALL, is_bound=False),
        replace(SMALL, size_bytes=10 * MB + 1),
        replace(SMALL, size_bytes=None),
        replace(SMALL, row_count=20_000_000),
    ],
)
def test_what_may_not_fit_is_never_broadcast(right: JoinSide) -> None:
    assert not choice(LARGE, right).startswith("broadcast")


def test_a_side_whose_rows_nobody_counted_is_broadcast_where_spark_would_do_it_unasked() -> None:
    def chosen(size_bytes: int) -> str:
        right = replace(SMALL, size_bytes=size_bytes, row_count=None)
        sides = JoinSides(left=LARGE, right=right, kind="inner", parallelism=8, broadcast_bytes=32 * MB)
        return str(JoinOptimizer().choose(sides))

    assert chosen(10 * MB).startswith("broadcast")
    assert not chosen(10 * MB + 1).startswith("broadcast")


def test_of_a_side_that_few_tasks_would_have_to_join_the_key_is_salted() -> None:
    assert choice(SKEWED, MIDDLE) == "salted: 90% of the rows have one key"
    assert choice(SKEWED, MIDDLE, "full").startswith("salted")
    assert choice(MIDDLE, SKEWED, "right").startswith("salted")


def test_two_tasks_gain_nothing_by_salt() -> None:
    sides = JoinSides(left=SKEWED, right=MIDDLE, kind="inner", parallelism=2, broadcast_bytes=10 * MB)
    assert str(JoinOptimizer().choose(sides)).startswith("sort-merge")


def test_salt_is_of_no_use_where_copies_would_be_shown() -> None:
    assert choice(SKEWED, MIDDLE, "right").startswith("sort-merge")
    assert choice(MIDDLE, SKEWED, "left").startswith("sort-merge")


def test_a_broadcast_is_cheaper_than_salt() -> None:
    assert choice(SKEWED, SMALL).startswith("broadcast")


def test_even_sides_are_left_to_spark() -> None:
    assert choice(LARGE, LARGE) == "sort-merge: both sides are 2.0 GB, evenly enough"


def test_a_side_that_is_some_times_smaller_is_hashed() -> None:
    assert (
        choice(LARGE, replace(LARGE, size_bytes=100 * MB))
        == "shuffle-hash: right side 100 MB, 10 times smaller"
    )


def test_an_estimate_alone_is_never_built_in_memory() -> None:
    assert choice(LARGE, replace(LARGE, size_bytes=100 * MB, is_bound=False)).startswith("sort-merge")


def test_a_large_side_that_lies_by_its_key_is_narrowed() -> None:
    by_key = replace(LARGE, key_share=0.01)
    estimated = replace(SMALL, is_bound=False)
    assert choice(by_key, estimated) == "key-filter: left side 1.0 GB, of which a key lies in 1%"
    assert not choice(by_key, replace(SMALL, is_bound=False), "left").startswith("key-filter")


def test_of_sides_that_nobody_knows_spark_decides() -> None:
    assert choice(JoinSide(), JoinSide()) == "SparksChoice: too little is known of the sides"


@pytest.mark.parametrize("sides", [(LARGE, SMALL), (SKEWED, MIDDLE), (LARGE, LARGE)])
@pytest.mark.parametrize("factor", [0.01, 100])
def test_estimates_that_are_wrong_by_a_hundred_force_no_broadcast(
    sides: tuple[JoinSide, JoinSide], factor: float
) -> None:
    wrong = [replace(side, size_bytes=int(side.size_bytes * factor), is_bound=False) for side in sides]
    assert not choice(wrong[0], wrong[1]).startswith(("broadcast", "shuffle-hash"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand(JoinStrategy):
    """A technique from outside, for joins of a kind that nothing else takes."""

    def offer(self, sides: JoinSides) -> Offer | None:
        return Offer(cost=0, reason="it was asked") if sides.kind == "cross" else None

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        return left.crossJoin(right)


def test_a_strategy_from_outside_is_known_by_its_word() -> None:
    with known_by("by hand", ByHand, base=JoinStrategy):
        assert choice(LARGE, LARGE, "cross") == "by hand: it was asked"


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("left_outer", "left"),
        ("FullOuter", "full"),
        ("left_semi", "semi"),
        ("outer", "full"),
        ("nearest", None),
    ],
)
def test_a_kind_of_join_has_several_words(how: str, kind: str | None) -> None:
    assert kind_of_join(how) == kind


def test_the_log_tells_the_sides(tmp_path: Path) -> None:
    """Two files of five have one key alone; the third has others beside it."""
    for keys in ([7] * 60, [7] * 30, [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]):
        append(tmp_path, pa.table({"k": keys, "v": list(range(len(keys)))}))
    snapshot = Snapshot.load(tmp_path)
    side = side_of_table(snapshot, ["k"])
    assert (side.row_count, side.is_bound) == (100, True)
    assert side.size_bytes == sum(path.stat().st_size for path in tmp_path.glob("*.parquet"))
    assert side.heavy_keys == (HeavyKey(values=(7,), share=0.9),)
    assert side_of_table(snapshot, ["k", "v"]).heavy_keys == ()
    assert not side_of_table(snapshot, ["k"], is_whole=False).is_bound


def test_a_join_without_a_column_is_refused() -> None:
    with pytest.raises(UnjoinableError, match="names no column"):
        JoinOptimizer().join(None, None, on=())
