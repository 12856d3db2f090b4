"""The step that joins another table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.sources import Source, TableReference, TableSource
from lakehouse.pipelines.declare.steps.failed_casts import (
    apply_steps,
    failed_rows,
    good_rows,
    has_failed_casts,
    with_failed,
)
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import UnknownSourceError
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["Join", "JoinWords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _JoinYaml:
    table: str
    on: list[str]
    how: str = "left"


@word("join")
@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Step):
    """Joins another table, after that table's own steps. Its rows with failed casts are not joined, but quarantined."""

    yaml_type: ClassVar[Any] = _JoinYaml

    other: TableSource
    other_steps: tuple[Step, ...]
    on: tuple[str, ...]
    how: str

    @classmethod
    def from_yaml(cls, given: _JoinYaml, part: YamlPart) -> Join:
        other = TableSource(table=given.table, location=part.location)
        return cls(other=other, other_steps=(), on=tuple(given.on), how=given.how, location=part.location)

    @property
    def label(self) -> str:
        return f"join({self.other.table}, on={', '.join(self.on)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        other = apply_steps(self.other_steps, context.table(self.other.table).frame, context)
        check_columns(self, self.on, frame)
        check_columns(self, self.on, other)
        if not has_failed_casts(other):
            return frame.join(other, on=list(self.on), how=self.how)
        joined = frame.join(good_rows(other), on=list(self.on), how=self.how)
        return with_failed(joined, failed_rows(other))

    def tables(self) -> Sequence[TableReference]:
        return (*self.other.tables(), *(each for step in self.other_steps for each in step.tables()))


class _ReadingFlow(Protocol):
    """A flow that reads a table."""

    @property
    def source(self) -> Source:
        """Where its rows come from."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is done with them."""


class JoinWords(StepWords):
    """What a flow says to join."""

    __slots__ = ()

    def join(self, other: _ReadingFlow | str, *, on: str | tuple[str, ...], how: str = "left") -> Self:
        """Join another table, or a flow that reads one, on columns that both have."""
        location = caller_location()
        steps: tuple[Step, ...] = ()
        if isinstance(other, str):
            source: Source = TableSource(table=other, location=location)
        else:
            source, steps = other.source, other.steps
        if not isinstance(source, TableSource):
            known = ["a flow that begins with read()"]
            raise UnknownSourceError(source=repr(source), table="join", known=known, location=location)
        columns = (on,) if isinstance(on, str) else tuple(on)
        return self.step(Join(other=source, other_steps=steps, on=columns, how=how, location=location))
