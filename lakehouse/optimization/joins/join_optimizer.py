"""Chooses how two frames are joined, and joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame

from lakehouse.optimization.errors import UnjoinableError
from lakehouse.optimization.joins.left_to_spark import SparksChoice
from lakehouse.optimization.joins.sampling import sampled
from lakehouse.optimization.joins.sides import UNKNOWN, HeavyKey, JoinSide, JoinSides, kind_of_join
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy
from lakehouse.tables import parallelism

__all__ = ["Choice", "JoinOptimizer"]

_LEAST_GAIN = 1.3
"""A way has to be this much cheaper than what Spark does by itself: costs are estimates."""
_WORTH_A_SAMPLE = 32 << 20


@dataclass(frozen=True, slots=True)
class Choice:
    """The way to join, and why."""

    strategy: JoinStrategy
    reason: str

    def __str__(self) -> str:
        return f"{self.strategy.name}: {self.reason}"


class JoinOptimizer:
    """Joins as ``left.join(right, on=…, how=…)`` does, in the way that costs least by what is known.

    >>> side = side_of_table(Snapshot.load("/lake/customers"), ["customer"])
    >>> JoinOptimizer().join(sales, customers, on="customer", how="left", right_side=side)

    Spark's adaptive execution stays on, and nothing is forced that may not fit. ``sample=True`` looks at some keys
    of a large side in one job, to see whether few of them have most of the rows.
    """

    def __init__(
        self,
        strategies: Sequence[JoinStrategy] | None = None,
        *,
        sample: bool = False,
        broadcast_bytes: int = 32 << 20,
    ) -> None:
        """``strategies`` are all that are registered, by default."""
        known = (make() for make in JoinStrategy.words.values()) if strategies is None else strategies
        self._strategies: tuple[JoinStrategy, ...] = tuple(known)
        self._sample = sample
        self.broadcast_bytes = broadcast_bytes

    def choose(self, sides: JoinSides) -> Choice:
        """Return the cheapest way; Spark's own where another isn't clearly cheaper, or too little is known."""
        offers = [
            (offer.cost, Choice(each, offer.reason))
            for each in self._strategies
            if (offer := each.offer(sides)) is not None
        ]
        own = [pair for pair in offers if pair[1].strategy.is_sparks_own]
        left_alone = min(own, key=lambda pair: pair[0], default=(float("inf"), _left_to_spark(sides)))
        cost, choice = min(offers, key=lambda pair: pair[0], default=left_alone)
        return choice if cost * _LEAST_GAIN < left_alone[0] else left_alone[1]

    def join(
        self,
        left: DataFrame,
        right: DataFrame,
        *,
        on: str | Sequence[str],
        how: str = "inner",
        left_side: JoinSide = UNKNOWN,
        right_side: JoinSide = UNKNOWN,
    ) -> DataFrame:
        """Return the joined rows; columns stand as Spark has them. Raises UnjoinableError without a column.

        What isn't known of a side is None. A ``how`` that only Spark knows is left to it.
        """
        columns = (on,) if isinstance(on, str) else tuple(on)
        if not columns:
            raise UnjoinableError(reason="it names no column", fix="name columns that both sides have.")
        if kind_of_join(how) is None:
            return left.join(right, on=list(columns), how=how)
        sides = self.sides(left, right, on=columns, how=how, left_side=left_side, right_side=right_side)
        return self.choose(sides).strategy.join(left, right, JoinRequest(on=columns, how=how, sides=sides))

    def sides(
        self,
        left: DataFrame,
        right: DataFrame,
        *,
        on: Sequence[str],
        how: str,
        left_side: JoinSide = UNKNOWN,
        right_side: JoinSide = UNKNOWN,
    ) -> JoinSides:
        """Return what ``choose`` decides by: what is given, and what a sample shows where one is asked for.

        A sample is drawn only where a frequent key would change the choice.
        """
        sides = JoinSides(
            left=left_side,
            right=right_side,
            kind=kind_of_join(how) or how,
            parallelism=parallelism(left.sparkSession) or 1,
            broadcast_bytes=self.broadcast_bytes,
        )
        if sides.size_bytes is not None and _types(left, on) != _types(right, on):
            sides = replace(sides, same_key_types=False)
        if not self._sample or not self._depends_on_skew(sides, on):
            return sides
        return replace(
            sides, left=self._looked_at(left, on, left_side), right=self._looked_at(right, on, right_side)
        )

    def _depends_on_skew(self, sides: JoinSides, on: Sequence[str]) -> bool:
        """Say whether another way would be chosen if all rows of a side had one key."""
        chosen = self.choose(sides).strategy
        if not chosen.waits_for_heavy_keys:
            return False
        one_key = (HeavyKey(values=(None,) * len(on), share=1),)
        skewed = (
            replace(sides, left=replace(sides.left, heavy_keys=one_key)),
            replace(sides, right=replace(sides.right, heavy_keys=one_key)),
        )
        return any(self.choose(each).strategy != chosen for each in skewed)

    def _looked_at(self, frame: DataFrame, on: Sequence[str], side: JoinSide) -> JoinSide:
        is_large = (side.size_bytes or 0) >= _WORTH_A_SAMPLE
        return sampled(frame, on, side) if is_large and not side.heavy_keys else side


def _left_to_spark(sides: JoinSides) -> Choice:
    alone = SparksChoice()
    offer = alone.offer(sides)
    return Choice(alone, "" if offer is None else offer.reason)


def _types(frame: DataFrame, names: Sequence[str]) -> list[object]:
    types = {field.name.lower(): field.dataType for field in frame.schema}
    return [types.get(name.lower()) for name in names]
