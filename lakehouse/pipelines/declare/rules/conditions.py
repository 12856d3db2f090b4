"""The rule whose condition the user writes."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.pipelines.declare.rules.interface import Rule
from lakehouse.quality import Condition

__all__ = ["ConditionRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRule(Rule):
    """A named condition; NULL breaks it unless that is said to be fine."""

    given_name: str
    given_condition: Condition
    nulls_keep_it: bool = False

    @property
    def name(self) -> str:
        return self.given_name

    def condition(self) -> Condition:
        return self.given_condition

    @property
    def null_is_fine(self) -> bool:
        return self.nulls_keep_it
