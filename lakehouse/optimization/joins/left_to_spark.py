"""The way that Spark takes by itself, with its adaptive execution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.optimization.joins.sides import JoinSides
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer

__all__ = ["SparksChoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparksChoice(JoinStrategy):
    """Leaves the join to Spark, which measures as it goes. It is taken where no other way makes an offer."""

    is_sparks_own: ClassVar[bool] = True
    waits_for_heavy_keys: ClassVar[bool] = True

    def offer(self, sides: JoinSides) -> Offer | None:
        return Offer(cost=float("inf"), reason="too little is known of the sides")

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        return left.join(right, on=list(request.on), how=request.how)
