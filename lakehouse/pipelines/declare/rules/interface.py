"""What a rule is: it says which rows are good, and what becomes of those that aren't."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, get_args

from pyspark.sql import DataFrame

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.expressions import why_not_by_row, why_other_rows
from lakehouse.pipelines.declare.language import Call, Language, written_fields
from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.in_contract import InContract, own_item, text_item
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.pipelines.errors import InvalidRuleError
from lakehouse.quality import Condition, Expectation, RuleAction, Tolerance, WholeExpectation
from lakehouse.source_location import SourceLocation
from lakehouse.words import Words

__all__ = ["ActionName", "FlowRule", "Rule"]

ActionName = Literal["warn", "drop", "quarantine", "fail"]
"""What a broken rule does to its rows: count and keep them, leave them out, set them aside, or write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRule(ABC):
    """What flows are judged by. A new kind is one file with a subclass; ``@word("name")`` makes it a word.

    ``Rule`` is about rows one by one, ``LookUpRule`` about a row among other rows, ``WholeRule`` about all rows
    of a table together. The fields are what is declared, frozen and comparable.
    """

    words: ClassVar[Words] = Words("rule")
    counts_rows: ClassVar[bool] = True
    """Whether rows can break it one by one, so that some can be tolerated."""
    yaml_type: ClassVar[Any] = None
    """What stands in YAML behind the word, as a type that ``strict_yaml`` reads; None for the subclass's own fields."""

    judges_by_row: ClassVar[bool] = False
    """Whether every rule of this kind says the same of the same row at any time, from that row alone."""

    action: ActionName = "quarantine"
    at_most: int | str | None = None
    """How many rows of a batch may break it before the action is taken, ``10`` or ``"1 %"``; until then they stay."""
    location: SourceLocation = field(compare=False)

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> Sequence[FlowRule]:
        """Return the rules that ``given`` declares: a value of ``yaml_type``, or of the subclass's own fields."""
        return (cls(location=part.location, **field_values(given)),)

    def to_yaml(self, language: Language) -> Any:
        """Return what ``from_yaml`` makes the same rule of: what stands behind its word."""
        return written_fields(self, language)

    def to_python(self, language: Language) -> Call:
        """Return the call that adds the rule to a flow in Python."""
        return Call(name=language.word(FlowRule.words, self), named=self.to_yaml(language))

    def as_condition(self, language: Language) -> Any:
        """Return what stands in YAML behind the rule's name where a condition is all that it says; None for others."""
        return None

    @property
    @abstractmethod
    def name(self) -> str:
        """The name under which broken rows are counted; a table has each only once."""

    @property
    def action_on_rows(self) -> RuleAction:
        """What the action means to the judgement."""
        return RuleAction[self.action.upper()]

    @property
    def tolerance(self) -> Tolerance | None:
        """What ``at_most`` says; None where each row counts."""
        return None if self.at_most is None else Tolerance.of(self.at_most)

    def tables(self) -> Sequence[TableReference]:
        """Return the other tables of the pipeline that the rule looks at."""
        return ()

    @property
    def look_ups(self) -> Sequence[str]:
        """The columns that ``looked_up`` adds."""
        return ()

    def looked_up(self, rows: DataFrame, context: RuleContext) -> DataFrame:
        """Return the rows, each once, with the columns ``look_ups``, which nobody but the rule sees."""
        return rows

    def expectations(self) -> Sequence[Expectation]:
        """Return what holds for each good row."""
        return ()

    @property
    def is_by_row(self) -> bool:
        """Whether the rule surely says the same of the same row at any time, from that row alone."""
        return self.judges_by_row or all(
            isinstance(each.condition, str) and why_not_by_row(each.condition) is None
            for each in self.expectations()
        )

    def whole_expectations(self, context: RuleContext) -> Sequence[WholeExpectation]:
        """Return what holds for all rows of the table together."""
        return ()

    def why_by_cut(self) -> str | None:
        """Say why what is written depends on where new rows are cut into batches; None where it doesn't."""
        if self.at_most is not None and self.action != "warn":
            return f"tolerates rows by the batch (at_most={self.at_most!r})"
        conditions = (each.condition for each in self.expectations())
        found = (why_other_rows(each) for each in conditions if isinstance(each, str))
        return next((why for why in found if why is not None), None)

    def why_broken_at_rest(self, context: RuleContext) -> str | None:
        """Say why the rule is broken although nothing new came; None where it is kept. Look only at the log."""
        return None

    def in_contract(self) -> InContract:
        """Return how a data contract says it: by default as an item that only this library reads."""
        word = next((word for word, cls in FlowRule.words.items() if cls is type(self)), None)
        if word is None or type(self).yaml_type is not None:
            return InContract(quality=text_item(self.name))
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name != "location" and getattr(self, each.name) != each.default
        }
        return InContract(quality=own_item(self.name, word, given))

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the declaration, each with the way out."""
        yield from ()

    def problems(self) -> Sequence[DefinitionError]:
        """Return what is wrong with the declaration, found without Spark and without reading data."""
        found = list(self.wrong())
        if self.action not in get_args(ActionName):
            found.append((f"action={self.action!r}", f"use one of {', '.join(get_args(ActionName))}."))
        if self.at_most is not None and not self.counts_rows:
            found.append((f"at_most={self.at_most!r}", "leave it out: no row breaks this rule by itself."))
        elif self.at_most is not None and self.tolerance is None:
            found.append((f"at_most={self.at_most!r}", "write a number of rows, 10, or a share, '1 %'."))
        return [
            InvalidRuleError(rule=self.name, wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in found
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(FlowRule):
    """A rule about each row by itself."""

    @abstractmethod
    def condition(self) -> Condition:
        """Return what holds for good rows."""

    @property
    def null_is_fine(self) -> bool:
        """Whether a row keeps the rule where the condition is NULL."""
        return True

    def expectations(self) -> Sequence[Expectation]:
        return (
            Expectation(
                name=self.name,
                condition=self.condition(),
                action=self.action_on_rows,
                null_is_fine=self.null_is_fine,
                at_most=self.tolerance,
                location=self.location,
            ),
        )
