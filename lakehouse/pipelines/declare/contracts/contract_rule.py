"""A rule under the id that a contract has for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.rules import FlowRule, InContract, RuleContext
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.quality import Expectation, WholeExpectation

__all__ = ["ContractRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRule(FlowRule):
    """Judges as ``rule`` does (Decorator); what breaks it is counted and told under ``id``."""

    id: str
    rule: FlowRule

    @classmethod
    def of(cls, id_: str, rule: FlowRule) -> ContractRule:
        """Return the rule under an id."""
        return cls(id=id_, rule=rule, action=rule.action, at_most=rule.at_most, location=rule.location)

    @property
    def name(self) -> str:
        return self.id

    def tables(self) -> Sequence[TableReference]:
        return self.rule.tables()

    @property
    def look_ups(self) -> Sequence[str]:
        return self.rule.look_ups

    def looked_up(self, rows: DataFrame, context: RuleContext) -> DataFrame:
        return self.rule.looked_up(rows, context)

    @property
    def is_by_row(self) -> bool:
        return self.rule.is_by_row

    def expectations(self) -> Sequence[Expectation]:
        return [dataclasses.replace(each, name=self.id) for each in self.rule.expectations()]

    def whole_expectations(self, context: RuleContext) -> Sequence[WholeExpectation]:
        return [dataclasses.replace(each, name=self.id) for each in self.rule.whole_expectations(context)]

    def why_broken_at_rest(self, context: RuleContext) -> str | None:
        return self.rule.why_broken_at_rest(context)

    def in_contract(self) -> InContract:
        return InContract()  # there it comes from

    def wrong(self) -> Iterator[tuple[str, str]]:
        return self.rule.wrong()
