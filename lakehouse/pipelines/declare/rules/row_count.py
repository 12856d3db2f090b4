"""The rule that a table has neither too few rows nor too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.in_contract import InContract, item
from lakehouse.pipelines.declare.rules.whole import WholeRule
from lakehouse.words import word

__all__ = ["RowCount", "RowsOf"]

RowsOf = Literal["table", "batch"]


@word("row_count")
@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount(WholeRule):
    """The table has at least ``minimum`` rows and at most ``maximum`` with those of the batch; or the batch has."""

    minimum: int | None = None
    maximum: int | None = None
    of: RowsOf = "table"

    @property
    def name(self) -> str:
        return "row_count" if self.of == "table" else f"row_count({self.of})"

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.of not in get_args(RowsOf):
            yield f"of={self.of!r}", f"use one of {', '.join(get_args(RowsOf))}."
        if self.minimum is None and self.maximum is None:
            yield "no bound", "give minimum, maximum or both."
        elif self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            yield f"minimum={self.minimum!r} above maximum={self.maximum!r}", "swap them."

    def in_contract(self) -> InContract:
        if self.of != "table":
            return super(RowCount, self).in_contract()
        least, most = self.minimum, self.maximum
        if least is not None and most is not None and least != most:
            bounds: dict[str, Any] = {"mustBeBetween": [least, most]}
        elif least is not None and most is not None:
            bounds = {"mustBe": least}
        else:
            bounds = {"mustBeGreaterOrEqualTo": least} if most is None else {"mustBeLessOrEqualTo": most}
        asked = {"metric": "rowCount", **bounds}
        return InContract(quality=item(self.name, asked, action=self.action, default="fail"))

    def why_by_cut(self) -> str | None:
        return "counts the rows of one batch" if self.of == "batch" else None

    def measure(self, stays: Column) -> Column:
        return F.count_if(stays)

    def why_broken(self, measured: int, context: RuleContext) -> str | None:
        count = measured + (context.own_row_count() if self.of == "table" else 0)
        if self.minimum is not None and count < self.minimum:
            return f"the {self.of} has {count:,} rows, at least {self.minimum:,} are expected"
        if self.maximum is not None and count > self.maximum:
            return f"the {self.of} has {count:,} rows, at most {self.maximum:,} are expected"
        return None
