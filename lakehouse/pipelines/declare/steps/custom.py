"""Steps whose work the user writes: a function, or a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["CustomWords", "Sql", "Transform", "names_in_query"]

INPUT = "input"
_BRACES = re.compile(r"(?P<doubled>\{\{\w+\}\})|\{(?P<name>[A-Za-z_]\w*)\}|[{}]")


@word("transform")
@dataclass(frozen=True, slots=True, kw_only=True)
class Transform(Step):
    """An ordinary function from frame to frame, which a person can test alone."""

    yaml_type: ClassVar[Any] = str
    """``package.module:function``."""

    function: Callable[[DataFrame], DataFrame]

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> Transform:
        return cls(function=part.function(given), location=part.location)

    @property
    def label(self) -> str:
        return f"transform({getattr(self.function, '__name__', repr(self.function))})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return self.function(frame)


@word("sql")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sql(Step):
    """A query of Spark SQL; ``{input}`` is the step's own frame, another ``{name}`` a table of the pipeline."""

    yaml_type: ClassVar[Any] = str

    query: str
    input_name: str = INPUT
    """The name in braces that stands for the step's own frame."""

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> Sql:
        return cls(query=given, location=part.location)

    @property
    def label(self) -> str:
        return "sql"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        names = names_in_query(self.query)
        frames: dict[str, Any] = {
            name: context.table(name).frame for name in names if name != self.input_name
        }
        if self.input_name in names:
            frames[self.input_name] = frame
        return frame.sparkSession.sql(_only_names_in_braces(self.query), **frames)

    def tables(self) -> Sequence[TableReference]:
        return [
            TableReference(table=name, location=self.location)
            for name in names_in_query(self.query)
            if name != self.input_name
        ]


def names_in_query(query: str) -> tuple[str, ...]:
    """Return the names that stand in braces, each once, in their order; ``{{name}}`` is a text."""
    return tuple(dict.fromkeys(match["name"] for match in _BRACES.finditer(query) if match["name"]))


def _only_names_in_braces(query: str) -> str:
    """Return the query as ``SparkSession.sql`` formats it: every other brace is doubled."""

    def written(match: re.Match[str]) -> str:
        if match["name"]:
            return match[0]
        return match[0] if match["doubled"] else match[0] * 2

    return _BRACES.sub(written, query)


class CustomWords(StepWords):
    """What a flow says to do something of the user's own."""

    __slots__ = ()

    def transform(self, change: Callable[[DataFrame], DataFrame] | str) -> Self:
        """Apply a function from DataFrame to DataFrame, or SQL text that reads ``{input}`` and other ``{tables}``."""
        location = caller_location()
        if isinstance(change, str):
            return self.step(Sql(query=change, location=location))
        return self.step(Transform(function=change, location=location))
