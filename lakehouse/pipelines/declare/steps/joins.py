"""The step that joins another table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame

from lakehouse.optimization import JoinOptimizer, JoinSides, kind_of_join
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps.failed_casts import (
    failed_rows,
    good_rows,
    has_failed_casts,
    with_failed,
)
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.steps.side_flow import ReadingFlow, SideFlow
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["Join", "JoinWords"]

_USUAL = "left"
_OF_OUR_ROWS = frozenset({"inner", "left", "leftouter", "leftsemi", "semi", "leftanti", "anti"})
"""Joins in which each row of the result comes from a row of the step's input."""

_OPTIMIZER = JoinOptimizer(broadcast_bytes=10 << 20)
"""What Spark broadcasts by itself where it knows the size (``spark.sql.autoBroadcastJoinThreshold``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _JoinYaml:
    on: str | list[str]
    table: str | None = None
    flow: str | None = None
    how: str = _USUAL


@word("join")
@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Step):
    """Joins another table, after that table's own steps. Its rows with failed casts are not joined, but quarantined."""

    yaml_type: ClassVar[Any] = _JoinYaml

    other: SideFlow
    on: tuple[str, ...]
    how: str

    @classmethod
    def from_yaml(cls, given: _JoinYaml, part: YamlPart) -> Join:
        other = SideFlow.from_yaml(given.table, given.flow, word="join", part=part)
        return cls(other=other, on=names(given.on), how=given.how, location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        return {**self.other.to_yaml(language), **self._columns()}

    def to_python(self, language: Language) -> Call:
        return Call(name="join", arguments=(self.other.to_python(language),), named=self._columns())

    def _columns(self) -> dict[str, Any]:
        how = {} if self.how == _USUAL else {"how": self.how}
        return {"on": list(self.on), **how}

    @property
    def label(self) -> str:
        return f"join({self.other.name}, on={', '.join(self.on)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        other = self.other.frame(context, frame.sparkSession)
        check_columns(self, self.on, frame)
        check_columns(self, self.on, other)
        side = self.other.side(context)
        if not has_failed_casts(other):
            return _OPTIMIZER.join(frame, other, on=self.on, how=self.how, right_side=side)
        joined = _OPTIMIZER.join(frame, good_rows(other), on=self.on, how=self.how, right_side=side)
        return with_failed(joined, failed_rows(other))

    def notes(self, size_bytes: Callable[[str], int | None]) -> Sequence[str]:
        kind = kind_of_join(self.how)
        if kind is None:
            return ()
        sides = JoinSides(
            right=self.other.side_of(size_bytes), kind=kind, broadcast_bytes=_OPTIMIZER.broadcast_bytes
        )
        chosen = _OPTIMIZER.choose(sides)
        return () if chosen.strategy.is_sparks_own else (f"{self.label}: {chosen}",)

    def why_not_by_row(self) -> str | None:
        return self._why_other_rows() or self.why_varying()

    def why_by_cut(self, old_rows: OldRows) -> str | None:
        return self._why_other_rows()

    def _why_other_rows(self) -> str | None:
        if self.how.lower().replace("_", "") in _OF_OUR_ROWS:
            return None
        return f"is a {self.how} join, which also gives rows of {self.other.name} alone"

    def why_varying(self) -> str | None:
        return self.other.why_varying()

    @property
    def sets_rows_aside(self) -> bool:
        return self.other.sets_rows_aside

    def passes_on(self, column: str) -> str | None:
        return column if column in self.on else None

    def tables(self) -> Sequence[TableReference]:
        return self.other.tables()


class JoinWords(StepWords):
    """What a flow says to join."""

    __slots__ = ()

    def join(self, other: ReadingFlow | str, *, on: str | Sequence[str], how: str = "left") -> Self:
        """Join another table, or a flow that reads one, on columns that both have."""
        location = caller_location()
        side = SideFlow.of(other, word="join", location=location)
        columns = (on,) if isinstance(on, str) else tuple(on)
        return self.step(Join(other=side, on=columns, how=how, location=location))
