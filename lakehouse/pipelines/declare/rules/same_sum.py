"""The rule that a sum agrees with that of another table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.whole import WholeRule
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.quality import Tolerance, WholeExpectation
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["SameSum"]

_ROUNDED = Tolerance(most=Fraction(1, 10**9), is_share=True)
"""How far sums of fractions may be apart that were added in another order."""


@word("same_sum")
@dataclass(frozen=True, slots=True, kw_only=True)
class SameSum(WholeRule):
    """The column's sum over the table, with the rows of the batch, is that of a column of another table.

    ``at_most`` is how far they may be apart: a number, or a share of the other sum. A sum over no rows is 0.
    """

    counts_rows: ClassVar[bool] = True

    table: str
    column: str
    to: str | None = None
    """The other table's column; None where it has the same name."""

    @property
    def name(self) -> str:
        return f"same_sum({self.column})"

    def tables(self) -> Sequence[TableReference]:
        return (TableReference(table=self.table, location=self.location),)

    def why_by_cut(self) -> str | None:
        return None  # at_most is about the sums of whole tables

    def measure(self, stays: Column) -> Column:
        return F.sum(F.when(stays, F.col(quoted(self.column))))

    def whole_expectations(self, context: RuleContext) -> Sequence[WholeExpectation]:
        theirs = context.all_rows_of(self.table).agg(F.sum(quoted(self.to or self.column)))
        theirs.columns  # noqa: B018 - asking for columns makes Spark analyse them
        return super(SameSum, self).whole_expectations(context)

    def why_broken(self, measured: Any, context: RuleContext) -> str | None:
        held = context.own_rows_that_stay()
        own = None if held is None else held.agg(F.sum(quoted(self.column))).collect()[0][0]
        there = context.all_rows_of(self.table).agg(F.sum(quoted(self.to or self.column))).collect()[0][0]
        told = f"{self.to or self.column} of {self.table} is {there or 0}"
        parts = [each or 0 for each in (measured, own, there)]
        if not all(math.isfinite(each) for each in parts):
            return f"the sum of {self.column} is {(measured or 0) + (own or 0)}, and {told}"
        ours, theirs = Fraction(parts[0]) + Fraction(parts[1]), Fraction(parts[2])
        allowed = self.tolerance
        if allowed is None and any(isinstance(each, float) for each in parts):
            allowed = _ROUNDED
        difference = abs(ours - theirs)
        if difference == 0 or (allowed is not None and allowed.allows(difference, of=abs(theirs))):
            return None
        return f"the sum of {self.column} is {_shown(ours)}, and {told}"


def _shown(given: Fraction) -> str:
    return str(int(given)) if given.denominator == 1 else f"{float(given):,.6f}".rstrip("0")
