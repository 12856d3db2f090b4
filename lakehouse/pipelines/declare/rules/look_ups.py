"""What a rule about a row among other rows is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.interface import FlowRule
from lakehouse.quality import Expectation
from lakehouse.tables import quoted

__all__ = ["LookUpRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpRule(FlowRule):
    """A rule that looks other rows up: it marks the rows that break it."""

    @property
    @abstractmethod
    def why_broken(self) -> str:
        """What is wrong with a row that breaks it, for a person."""

    @abstractmethod
    def marked(self, rows: DataFrame, mark: str, context: RuleContext) -> DataFrame:
        """Return the rows, each once, with a column ``mark``: true for those that break the rule, else NULL or false.

        ``rows`` can be computed more than once; a look at them costs little.
        """

    @property
    def look_ups(self) -> Sequence[str]:
        return (f"__lakehouse_look_up {self.name}",)

    def looked_up(self, rows: DataFrame, context: RuleContext) -> DataFrame:
        return self.marked(rows, self.look_ups[0], context)

    def expectations(self) -> Sequence[Expectation]:
        return (
            Expectation(
                name=self.name,
                condition=partial(_unmarked, self.look_ups[0]),
                action=self.action_on_rows,
                null_is_fine=True,
                why_broken=self.why_broken,
                at_most=self.tolerance,
                location=self.location,
            ),
        )


def _unmarked(mark: str) -> Column:
    return ~F.col(quoted(mark))
