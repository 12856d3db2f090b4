"""What a rule about all rows of a table together is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pyspark.sql import Column

from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.interface import ActionName, FlowRule
from lakehouse.quality import WholeExpectation

__all__ = ["WholeRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRule(FlowRule):
    """A rule that one aggregate over a batch decides; where it is broken, all rows of the batch break it."""

    counts_rows: ClassVar[bool] = False

    action: ActionName = "fail"

    @abstractmethod
    def measure(self, stays: Column) -> Column:
        """Return an aggregate over the batch; ``stays`` says of a row that no rule takes it out."""

    @abstractmethod
    def why_broken(self, measured: Any, context: RuleContext) -> str | None:
        """Say of the aggregate's value what is wrong with it; None where the rule is kept."""

    def whole_expectations(self, context: RuleContext) -> Sequence[WholeExpectation]:
        return (
            WholeExpectation(
                name=self.name,
                action=self.action_on_rows,
                measure=self.measure,
                why_broken=partial(self.why_broken, context=context),
                location=self.location,
            ),
        )
