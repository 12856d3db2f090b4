"""The rule whose condition the user writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.rules.in_contract import InContract, bounded, item, text_item
from lakehouse.pipelines.declare.rules.interface import ActionName, Rule
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.quality import Condition
from lakehouse.words import word

__all__ = ["CONDITION_WORDS", "ConditionRule"]

CONDITION_WORDS: Mapping[str, ActionName] = {
    "expect": "warn",
    "expect_or_drop": "drop",
    "expect_or_quarantine": "quarantine",
    "expect_or_fail": "fail",
}
"""The words for conditions, and what each does to a row that breaks one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExpectationYaml:
    name: str
    condition: str
    null_is_fine: bool = False
    action: ActionName = "quarantine"
    at_most: int | str | None = None


@word("expectation")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRule(Rule):
    """A named condition; NULL breaks it unless that is said to be fine."""

    yaml_type: ClassVar[Any] = _ExpectationYaml

    given_name: str
    given_condition: Condition
    nulls_keep_it: bool = False

    @classmethod
    def from_yaml(cls, given: _ExpectationYaml, part: YamlPart) -> Sequence[ConditionRule]:
        return [
            cls(
                given_name=given.name,
                given_condition=given.condition,
                nulls_keep_it=given.null_is_fine,
                action=given.action,
                at_most=given.at_most,
                location=part.location,
            )
        ]

    def to_yaml(self, language: Language) -> dict[str, Any]:
        said = {"name": self.given_name, "condition": language.value(self.given_condition)}
        return {**said, **self._more(), "action": self.action}

    def to_python(self, language: Language) -> Call:
        given = (self.given_name, language.value(self.given_condition))
        word = next(word for word, action in CONDITION_WORDS.items() if action == self.action)
        return Call(name=word, arguments=given, named=self._more())

    def as_condition(self, language: Language) -> Any:
        condition = language.value(self.given_condition)
        return {"condition": condition, **self._more()} if self._more() else condition

    def _more(self) -> dict[str, Any]:
        said = {"null_is_fine": self.nulls_keep_it or None, "at_most": self.at_most}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def name(self) -> str:
        return self.given_name

    def condition(self) -> Condition:
        return self.given_condition

    def in_contract(self) -> InContract:
        if not isinstance(self.given_condition, str):
            return InContract(quality=text_item(self.name))
        null = str(self.nulls_keep_it).lower()
        query = f"SELECT COUNT(*) FROM {{object}} WHERE NOT coalesce(({self.given_condition}), {null})"  # noqa: S608 - as written
        asked = {"type": "sql", "query": query, **bounded(self.tolerance)}
        return InContract(quality=item(self.name, asked, action=self.action))

    @property
    def null_is_fine(self) -> bool:
        return self.nulls_keep_it
