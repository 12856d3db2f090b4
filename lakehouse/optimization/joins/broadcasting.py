"""A small side given whole to every task, so that the large one stays where it is."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.optimization.joins.sides import JoinSide, JoinSides
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["BroadcastJoin"]

_RIGHT = frozenset({"inner", "left", "semi", "anti"})
_LEFT = frozenset({"inner", "right"})
"""A side can only be given to every task where none of its rows is shown without a match (Spark)."""
_MOST_ROWS = 8_000_000
"""Beyond so many rows the driver takes long to build their table, however small they are."""
_UNCOUNTED_BYTES = 10 << 20
"""Of a side whose rows nobody counted: what Spark broadcasts unasked (``spark.sql.autoBroadcastJoinThreshold``)."""


@word("broadcast")
@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastJoin(JoinStrategy):
    """Asks for a broadcast only of a side whose size is known to be no larger than the limit.

    An estimate may be wrong by any factor, and a broadcast that doesn't fit ends the run: then it makes no offer.
    """

    def offer(self, sides: JoinSides) -> Offer | None:
        return min(self._offers(sides), key=lambda offer: offer.cost, default=None)

    def _offers(self, sides: JoinSides) -> list[Offer]:
        found = []
        for name, side, kinds in (("right", sides.right, _RIGHT), ("left", sides.left, _LEFT)):
            if sides.kind in kinds and fits(side, sides):
                size = side.size_bytes or 0
                reason = f"{name} side {size_text(size)} ≤ {size_text(sides.broadcast_bytes)}"
                found.append(
                    Offer(cost=(sides.size_bytes or 0) + size * (sides.parallelism + 1), reason=reason)
                )
        return found

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        sides = request.sides
        of_right = sides.kind in _RIGHT and fits(sides.right, sides)
        of_left = sides.kind in _LEFT and fits(sides.left, sides)
        if of_right and of_left:
            of_left = (sides.left.size_bytes or 0) < (sides.right.size_bytes or 0)
        if of_left:
            return left.hint("broadcast").join(right, on=list(request.on), how=request.how)
        shown = right.hint("broadcast") if of_right else right
        return left.join(shown, on=list(request.on), how=request.how)


def fits(side: JoinSide, sides: JoinSides) -> bool:
    """Say whether a side surely is small enough to be held by the driver and by every task's process."""
    if not side.is_bound or side.size_bytes is None or (side.row_count or 0) > _MOST_ROWS:
        return False
    # A file of a few bytes may hold any number of rows that are alike.
    most = sides.broadcast_bytes if side.row_count is not None else _UNCOUNTED_BYTES
    return side.size_bytes <= min(most, sides.broadcast_bytes)
