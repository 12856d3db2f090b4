"""The rule that a measure of a batch is about what it was in the last ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.whole import WholeRule
from lakehouse.quality import Tolerance
from lakehouse.words import word

__all__ = ["Steady"]

_FEWEST = 3
"""With fewer earlier values nothing is known of what is usual."""


@word("steady")
@dataclass(frozen=True, slots=True, kw_only=True)
class Steady(WholeRule):
    """An aggregate over a batch is near its mean over the last ``runs`` batches of the table.

    ``within`` is a number of standard deviations, or a share of the mean, ``"20 %"``. All rows that come to the rules
    are measured, and batches that broke the rule don't count for later ones, unless the rule only warns. With fewer
    than three earlier batches it is kept.
    """

    measured: str
    """SQL of an aggregate that is a number, such as ``avg(amount)`` or ``count(*)``."""
    within: str | float = 3.0
    runs: int = 10

    @property
    def name(self) -> str:
        return f"steady({self.measured})"

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.runs < _FEWEST:
            yield f"runs={self.runs!r}", f"look back at {_FEWEST} or more."
        share = Tolerance.of(self.within) if isinstance(self.within, str) else None
        if isinstance(self.within, str) and (share is None or not share.is_share):
            yield f"within={self.within!r}", "write a number of standard deviations, 3, or a share, '20 %'."

    def why_by_cut(self) -> str | None:
        return "compares one batch with those before"

    def measure(self, stays: Column) -> Column:
        return F.expr(self.measured).cast("double")

    def why_broken(self, measured: float | None, context: RuleContext) -> str | None:
        reason = self._why(measured, context.earlier_measures(self.name, self.runs))
        if measured is not None and math.isfinite(measured) and (reason is None or self.action == "warn"):
            context.note_measure(self.name, measured)
        return reason

    def _why(self, measured: float | None, earlier: Sequence[float]) -> str | None:
        if len(earlier) < _FEWEST:
            return None
        mean = statistics.fmean(earlier)
        usual = f"in the last {len(earlier)} batches it was {mean:,.6g} on average"
        if measured is None or not math.isfinite(measured):
            return f"{self.measured} is {measured}, and {usual}"
        allowed = self._allowed(mean, earlier)
        if abs(measured - mean) <= allowed:
            return None
        return f"{self.measured} is {measured:,.6g}, and {usual}; {allowed:,.6g} more or less is expected"

    def _allowed(self, mean: float, earlier: Sequence[float]) -> float:
        share: Any = Tolerance.of(self.within) if isinstance(self.within, str) else None
        if share is not None:
            return float(share.most) * abs(mean)
        return float(self.within) * statistics.pstdev(earlier)
