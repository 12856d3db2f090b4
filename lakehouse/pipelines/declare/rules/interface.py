"""What a rule is: it says which rows are good, and what becomes of one that isn't."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.pipelines.errors import InvalidRuleError
from lakehouse.quality import Condition, Expectation, RuleAction
from lakehouse.source_location import SourceLocation
from lakehouse.words import Words

__all__ = ["ActionName", "Rule"]

ActionName = Literal["warn", "drop", "quarantine", "fail"]
"""What a broken rule does to its row: count it and keep it, leave it out, set it aside, or write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """One rule of a flow. A new kind is one file with a subclass; ``@word("name")`` makes it a word of flows and YAML.

    Its fields are what is declared, frozen and comparable.
    """

    words: ClassVar[Words] = Words("rule")
    yaml_type: ClassVar[Any] = None
    """What stands in YAML behind the word, as a type that ``strict_yaml`` reads; None for the subclass's own fields."""

    action: ActionName = "quarantine"
    location: SourceLocation = field(compare=False)

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> Sequence[Rule]:
        """Return the rules that ``given`` declares: a value of ``yaml_type``, or of the subclass's own fields."""
        return (cls(location=part.location, **field_values(given)),)

    @property
    @abstractmethod
    def name(self) -> str:
        """The name under which broken rows are counted; a table has each only once."""

    @abstractmethod
    def condition(self) -> Condition:
        """Return what holds for good rows."""

    @property
    def null_is_fine(self) -> bool:
        """Whether a row keeps the rule where the condition is NULL."""
        return True

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the declaration, each with the way out."""
        yield from ()

    @property
    def expectation(self) -> Expectation:
        """The rule as rows are judged by it."""
        return Expectation(
            name=self.name,
            condition=self.condition(),
            action=RuleAction[self.action.upper()],
            null_is_fine=self.null_is_fine,
            location=self.location,
        )

    def problems(self) -> Sequence[DefinitionError]:
        """Return what is wrong with the declaration, found without Spark and without reading data."""
        found = list(self.wrong())
        if self.action not in get_args(ActionName):
            found.append((f"action={self.action!r}", f"use one of {', '.join(get_args(ActionName))}."))
        return [
            InvalidRuleError(rule=self.name, wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in found
        ]
