"""The rule that a table's newest row is not too old."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.in_contract import InContract
from lakehouse.pipelines.declare.rules.whole import WholeRule
from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Freshness"]

_PARTS = re.compile(r"[0-9]+|[a-zA-Z]+")
"""The number and the unit of a length of time."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@word("freshness")
@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness(WholeRule):
    """The newest date or timestamp of the column is at most ``within`` old, such as ``1 day``; a date is its midnight.

    It is judged in each run, also in one that finds nothing new.
    """

    column: str
    within: str

    @property
    def name(self) -> str:
        return f"freshness({self.column})"

    def wrong(self) -> Iterator[tuple[str, str]]:
        if LookBack.of(self.within, column=self.column) is None:
            yield (
                f"within={self.within!r}",
                "write a number and second, minute, hour, day or week: '36 hours'.",
            )

    def in_contract(self) -> InContract:
        number, unit = _PARTS.findall(self.within)
        level = {"property": "freshness", "value": int(number), "unit": unit.lower(), "element": self.column}
        return InContract(service_level=level)

    def measure(self, stays: Column) -> Column:
        newest = F.max(F.when(stays, F.col(quoted(self.column))))
        return F.unix_micros(newest.cast("timestamp"))

    def why_broken(self, measured: int | None, context: RuleContext) -> str | None:
        oldest = self._oldest(context)
        newest = None if measured is None else _EPOCH + dt.timedelta(microseconds=measured)
        if newest is not None and newest >= oldest:
            return None
        return self.why_broken_at_rest(context)

    def why_broken_at_rest(self, context: RuleContext) -> str | None:
        if context.has_rows_since(self.column, self._oldest(context)):
            return None
        return f"no {self.column} is younger than {self.within}, at {context.now:%Y-%m-%d %H:%M} UTC"

    def _oldest(self, context: RuleContext) -> dt.datetime:
        length = LookBack.of(self.within, column=self.column)
        assert length is not None  # noqa: S101 - the declaration was checked
        return context.now - length.length
