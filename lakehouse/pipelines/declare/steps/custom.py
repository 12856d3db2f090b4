"""Steps whose work the user writes: a function, or a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["CustomWords", "Sql", "Transform"]


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
    """A query of Spark SQL in which ``{input}`` is the step's own frame."""

    yaml_type: ClassVar[Any] = str

    query: str

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> Sql:
        return cls(query=given, location=part.location)

    @property
    def label(self) -> str:
        return "sql"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        braces = self.query.replace("{", "{{").replace("}", "}}")
        return frame.sparkSession.sql(braces.replace("{{input}}", "{input}"), input=frame)


class CustomWords(StepWords):
    """What a flow says to do something of the user's own."""

    __slots__ = ()

    def transform(self, change: Callable[[DataFrame], DataFrame] | str) -> Self:
        """Apply a function from DataFrame to DataFrame, or SQL text that reads ``{input}``."""
        location = caller_location()
        if isinstance(change, str):
            return self.step(Sql(query=change, location=location))
        return self.step(Transform(function=change, location=location))
