"""Both sides by the hash of their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.optimization.joins.costs import SHUFFLED, SORTED, shuffle_cost
from lakehouse.optimization.joins.sides import JoinSides
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["ShuffleHashJoin", "SortMergeJoin"]


@word("sort-merge")
@dataclass(frozen=True, slots=True, kw_only=True)
class SortMergeJoin(JoinStrategy):
    """Sorts both sides: it takes any sizes, and Spark makes it a better one where it measures that it can."""

    is_sparks_own: ClassVar[bool] = True
    waits_for_heavy_keys: ClassVar[bool] = True

    def offer(self, sides: JoinSides) -> Offer | None:
        cost = shuffle_cost(sides, per_byte=SHUFFLED + SORTED)
        if cost is None:
            return None
        return Offer(cost=cost, reason=f"both sides are {size_text(sides.size_bytes or 0)}, evenly enough")

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        # Without a hint, adaptive execution may still broadcast a side that turns out to be small.
        return left.join(right, on=list(request.on), how=request.how)


@word("shuffle-hash")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShuffleHashJoin(JoinStrategy):
    """Builds a table of the smaller side's rows in each task, so that nothing is sorted."""

    waits_for_heavy_keys: ClassVar[bool] = True

    most_bytes_of_a_task: int = 16 << 20
    """Of the built side's files. They take several times as much in memory."""
    least_ratio: float = 3
    """How many times larger the other side has to be (Spark, ``canBuildLocalHashMapBySize``)."""
    expected_tasks: int = 200
    """Parts of a shuffle (Spark, ``spark.sql.shuffle.partitions``); fewer when they are small."""

    def offer(self, sides: JoinSides) -> Offer | None:
        cost = shuffle_cost(sides, per_byte=SHUFFLED)
        built, other = sides.right.size_bytes, sides.left.size_bytes
        if cost is None or built is None or other is None or not sides.right.is_bound:
            return None
        in_a_task = max(built / self.expected_tasks, built * sides.right.heaviest_share)
        if in_a_task > self.most_bytes_of_a_task or other < self.least_ratio * max(built, 1):
            return None
        return Offer(
            cost=cost, reason=f"right side {size_text(built)}, {other / max(built, 1):.0f} times smaller"
        )

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        return left.join(right.hint("shuffle_hash"), on=list(request.on), how=request.how)
