"""The rule that a key is there once: in the batch, and in the table with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.in_contract import InContract, bounded, item
from lakehouse.pipelines.declare.rules.interface import ActionName
from lakehouse.pipelines.declare.rules.look_ups import LookUpRule
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Unique", "marked_where_found"]

_KEY = "__lakehouse_sought_{}"
_COUNT = "__lakehouse_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class _UniqueYaml:
    columns: str | list[str]
    action: ActionName = "quarantine"
    at_most: int | str | None = None


@word("unique")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unique(LookUpRule):
    """No other row has the same values in the columns: of the batch, and of the table's rows that stay beside it.

    All rows of a batch that share a key break it, the table's own never do. Rows that another rule takes out count
    for nobody. NULL equals nothing.
    """

    yaml_type: ClassVar[Any] = _UniqueYaml

    columns: tuple[str, ...]

    @classmethod
    def from_yaml(cls, given: _UniqueYaml, part: YamlPart) -> Sequence[Unique]:
        return [
            cls(
                columns=names(given.columns),
                action=given.action,
                at_most=given.at_most,
                location=part.location,
            )
        ]

    def to_python(self, language: Language) -> Call:
        said = self.to_yaml(language)
        return Call(name="unique", arguments=said.pop("columns"), named=said)

    @property
    def name(self) -> str:
        return f"unique({', '.join(self.columns)})"

    @property
    def why_broken(self) -> str:
        return f"another row has the same {', '.join(self.columns)}"

    def wrong(self) -> Iterator[tuple[str, str]]:
        if not self.columns:
            yield "no columns", "name the columns whose values tell one row from all others."

    def in_contract(self) -> InContract:
        if len(self.columns) == 1 and self.action == "quarantine" and self.at_most is None:
            return InContract(column=self.columns[0], property={"unique": True})
        arguments = {"properties": list(self.columns)}
        asked = {"metric": "duplicateValues", "arguments": arguments, **bounded(self.tolerance)}
        return InContract(quality=item(self.name, asked, action=self.action))

    def marked(self, rows: DataFrame, mark: str, context: RuleContext) -> DataFrame:
        keys = [F.col(quoted(column)) for column in self.columns]
        named = [key.alias(_KEY.format(number)) for number, key in enumerate(keys)]
        counted = context.staying(rows).groupBy(*named).agg(F.count(F.lit(1)).alias(_COUNT))
        taken = counted.where(F.col(_COUNT) > 1).drop(_COUNT)
        held = context.own_rows(rows, self.columns)
        if held is not None:
            taken = taken.unionByName(held.select(*named)).distinct()
        sought = {column: _KEY.format(number) for number, column in enumerate(self.columns)}
        return marked_where_found(rows, taken, sought, mark)


def marked_where_found(rows: DataFrame, found: DataFrame, columns: Mapping[str, str], mark: str) -> DataFrame:
    """Return the rows with ``mark`` true where ``found``, in which each key is once, has their key; else NULL.

    ``columns`` of ``found`` by those of ``rows``; of ``found`` no name is one of ``rows``.
    """
    same = reduce(and_, (F.col(quoted(ours)) == F.col(quoted(theirs)) for ours, theirs in columns.items()))
    marks = found.withColumn(mark, F.lit(True))
    return rows.join(marks, same, "left").drop(*columns.values())
