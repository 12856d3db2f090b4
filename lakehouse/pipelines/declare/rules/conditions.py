"""The rule whose condition the user writes."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.pipelines.declare.rules.in_contract import InContract, bounded, item
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

    def in_contract(self) -> InContract:
        if not isinstance(self.given_condition, str):
            return InContract(
                quality={"name": self.name, "type": "text", "description": f"It keeps {self.name}."}
            )
        null = str(self.nulls_keep_it).lower()
        query = f"SELECT COUNT(*) FROM {{object}} WHERE NOT coalesce(({self.given_condition}), {null})"  # noqa: S608 - as written
        asked = {"type": "sql", "query": query, **bounded(self.tolerance)}
        return InContract(quality=item(self.name, asked, action=self.action))

    @property
    def null_is_fine(self) -> bool:
        return self.nulls_keep_it
