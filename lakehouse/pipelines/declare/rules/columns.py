"""Rules about the values of one column: not_null, accepted, between, matches. NULL keeps all but the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.language import Call, Language, written_fields
from lakehouse.pipelines.declare.rules.in_contract import InContract, bounded, item
from lakehouse.pipelines.declare.rules.interface import ActionName, Rule
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.quality import Condition
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Accepted", "Between", "Matches", "NotNull"]

Value = bool | int | float | str
"""A value as YAML can write it too; Spark compares a text with a date, timestamp or decimal as what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _NotNullYaml:
    columns: str | list[str]
    action: ActionName = "quarantine"
    at_most: int | str | None = None


@word("not_null")
@dataclass(frozen=True, slots=True, kw_only=True)
class NotNull(Rule):
    """The column has a value."""

    judges_by_row: ClassVar[bool] = True

    yaml_type: ClassVar[Any] = _NotNullYaml

    column: str

    @classmethod
    def from_yaml(cls, given: _NotNullYaml, part: YamlPart) -> Sequence[NotNull]:
        more: Any = {"action": given.action, "at_most": given.at_most, "location": part.location}
        return [cls(column=column, **more) for column in names(given.columns)]

    def to_yaml(self, language: Language) -> dict[str, Any]:
        said = written_fields(self, language)
        return {"columns": said.pop("column"), **said}

    def to_python(self, language: Language) -> Call:
        return Call.of("not_null", self.to_yaml(language), "columns")

    @property
    def name(self) -> str:
        return f"not_null({self.column})"

    def condition(self) -> Condition:
        return f"{quoted(self.column)} IS NOT NULL"

    def in_contract(self) -> InContract:
        if self.action == "quarantine" and self.at_most is None:
            return InContract(column=self.column, property={"required": True})
        asked = {"metric": "nullValues", **bounded(self.tolerance)}
        return InContract(column=self.column, quality=item(self.name, asked, action=self.action))


@word("accepted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Rule):
    """The column has one of the values."""

    judges_by_row: ClassVar[bool] = True

    column: str
    values: Sequence[Value]

    @property
    def name(self) -> str:
        return f"accepted({self.column})"

    def condition(self) -> Condition:
        return _IsIn(column=self.column, values=tuple(self.values))

    def in_contract(self) -> InContract:
        return _invalid(self, self.column, {"validValues": list(self.values)})

    def wrong(self) -> Iterator[tuple[str, str]]:
        if not self.values:
            yield "no values", "name the values that are accepted."
        if any(value is None for value in self.values):
            yield "None among its values", "leave it out: NULL is accepted, unless not_null() refuses it."
        if len({type(value) for value in self.values}) > 1:
            yield "values of several types", "write all of them in the type of the column."


@word("between")
@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Rule):
    """The column's value is not below ``minimum`` and not above ``maximum``; NaN is above every number."""

    judges_by_row: ClassVar[bool] = True

    column: str
    minimum: Value | None = None
    maximum: Value | None = None

    @property
    def name(self) -> str:
        return f"between({self.column})"

    def condition(self) -> Condition:
        return _IsBetween(column=self.column, minimum=self.minimum, maximum=self.maximum)

    def in_contract(self) -> InContract:
        is_text = any(isinstance(bound, str) for bound in (self.minimum, self.maximum))
        if self.action == "quarantine" and self.at_most is None and not is_text:
            given = {"minimum": self.minimum, "maximum": self.maximum}
            bounds = {key: value for key, value in given.items() if value is not None}
            return InContract(column=self.column, property={"logicalTypeOptions": bounds})
        return super(Between, self).in_contract()

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.minimum is None and self.maximum is None:
            yield "no bound", "give minimum, maximum or both."
        elif None not in (self.minimum, self.maximum):
            low: Any = self.minimum
            high: Any = self.maximum
            if isinstance(low, str) is not isinstance(high, str):
                yield "bounds of different types", "write both in the type of the column."
            elif not isinstance(low, str) and low > high:
                yield f"minimum={low!r} above maximum={high!r}", "swap them."


@word("matches")
@dataclass(frozen=True, slots=True, kw_only=True)
class Matches(Rule):
    """The whole text of the column matches the regular expression (Java's, as Spark's RLIKE takes it)."""

    judges_by_row: ClassVar[bool] = True

    column: str
    pattern: str

    @property
    def name(self) -> str:
        return f"matches({self.column})"

    def condition(self) -> Condition:
        return _Matches(column=self.column, pattern=self.pattern)

    def in_contract(self) -> InContract:
        return _invalid(self, self.column, {"pattern": f"^(?:{self.pattern})$"})


def _invalid(rule: Rule, column: str, arguments: Mapping[str, Any]) -> InContract:
    asked = {"metric": "invalidValues", "arguments": dict(arguments), **bounded(rule.tolerance)}
    return InContract(column=column, quality=item(rule.name, asked, action=rule.action))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnColumn:
    """A condition on one column; called late, since a Column needs a session."""

    column: str

    def _value(self) -> Column:
        return F.col(quoted(self.column))


@dataclass(frozen=True, slots=True, kw_only=True)
class _IsIn(_OnColumn):
    values: tuple[Value, ...]

    def __call__(self) -> Column:
        return self._value().isin(*self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _IsBetween(_OnColumn):
    minimum: Value | None
    maximum: Value | None

    def __call__(self) -> Column:
        above = F.lit(True) if self.minimum is None else self._value() >= F.lit(self.minimum)
        below = F.lit(True) if self.maximum is None else self._value() <= F.lit(self.maximum)
        return above & below


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matches(_OnColumn):
    pattern: str

    def __call__(self) -> Column:
        return self._value().rlike(f"\\A(?:{self.pattern})\\z")
