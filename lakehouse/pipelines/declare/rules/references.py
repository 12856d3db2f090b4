"""The rule that a value is the key of a row in another table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.in_contract import InContract, own_item, with_action
from lakehouse.pipelines.declare.rules.interface import ActionName
from lakehouse.pipelines.declare.rules.look_ups import LookUpRule
from lakehouse.pipelines.declare.rules.unique import marked_where_found
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["References"]

_WORD = "references"
_KEY = "__lakehouse_referenced_{}"
_FOUND = "__lakehouse_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReferencesYaml:
    table: str
    columns: str | list[str]
    to: str | list[str] | None = None
    action: ActionName = "quarantine"
    at_most: int | str | None = None


@word(_WORD)
@dataclass(frozen=True, slots=True, kw_only=True)
class References(LookUpRule):
    """Another table has a row with the same values; a row with NULL in one of the columns refers to nothing.

    The table may be the rule's own, as of employees and their managers: then rows of the same batch count too, but
    for those that a rule takes out, this one among them.
    """

    yaml_type: ClassVar[Any] = _ReferencesYaml

    table: str
    columns: tuple[str, ...]
    to: tuple[str, ...]
    """The other table's columns, in the order of ``columns``."""

    @classmethod
    def from_yaml(cls, given: _ReferencesYaml, part: YamlPart) -> Sequence[References]:
        more: dict[str, Any] = {
            "action": given.action,
            "at_most": given.at_most,
            "location": part.location,
        }
        return [cls.of(given.table, given.columns, given.to, **more)]

    @classmethod
    def of(
        cls, table: str, columns: str | Sequence[str], to: str | Sequence[str] | None, **more: Any
    ) -> References:
        """Return the rule; columns of the other table that aren't named have the same names."""
        ours = names(columns)
        return cls(table=table, columns=ours, to=ours if to is None else names(to), **more)

    def to_python(self, language: Language) -> Call:
        return Call.of("references", self.to_yaml(language), "table", "columns")

    @property
    def name(self) -> str:
        return f"references({', '.join(self.columns)})"

    @property
    def why_broken(self) -> str:
        return f"{self.table} has no row with its {', '.join(self.to)}"

    def wrong(self) -> Iterator[tuple[str, str]]:
        if not self.columns:
            yield "no columns", f"name the columns that say which row of {self.table} is meant."
        elif len(self.columns) != len(self.to):
            theirs = f"{len(self.columns)} columns and {len(self.to)} of {self.table!r}"
            yield theirs, "name as many columns of the other table, in the same order."

    def in_contract(self) -> InContract:
        theirs = [f"{self.table.rpartition('.')[2]}.{column}" for column in self.to]
        if self.at_most is not None:  # a relationship has no place for it
            said: dict[str, Any] = {"table": self.table, "columns": list(self.columns), "to": list(self.to)}
            said |= {"action": self.action, "at_most": self.at_most}
            return InContract(quality=own_item(self.name, _WORD, said))
        if len(self.columns) == 1:
            related = with_action({"to": theirs[0]}, action=self.action)
            return InContract(column=self.columns[0], relationship=related)
        related = with_action({"from": list(self.columns), "to": theirs}, action=self.action)
        return InContract(relationship=related)

    def tables(self) -> Sequence[TableReference]:
        return (TableReference(table=self.table, may_be_own=True, location=self.location),)

    def marked(self, rows: DataFrame, mark: str, context: RuleContext) -> DataFrame:
        other = context.rows_of(self.table, rows, dict(zip(self.columns, self.to, strict=True)))
        self._check_types(rows.schema, other.schema)
        sought = {column: _KEY.format(number) for number, column in enumerate(self.columns)}
        keys = [F.col(quoted(to)).alias(key) for to, key in zip(self.to, sought.values(), strict=True)]
        found = marked_where_found(rows, other.select(*keys).distinct(), sought, _FOUND)
        named = reduce(and_, (F.col(quoted(column)).isNotNull() for column in self.columns))
        return found.withColumn(mark, named & F.col(_FOUND).isNull()).drop(_FOUND)

    def _check_types(self, ours: StructType, theirs: StructType) -> None:
        """Raise DefinitionError where a text would be compared with something else: Spark would cast it."""
        for column, to in zip(self.columns, self.to, strict=True):
            if column not in ours.names or to not in theirs.names:
                continue  # Spark says so, with the columns that are there
            found, expected = ours[column].dataType, theirs[to].dataType
            if found != expected and StringType() in (found, expected):
                raise DefinitionError(
                    f"{column!r} is {found.simpleString()}, and {to!r} of {self.table!r} is "
                    f"{expected.simpleString()}.",
                    fix="cast one of the two, so that both have the same type.",
                )
