"""Steps that make one row a group: aggregate, pivot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.expressions import plain_column, why_varying
from lakehouse.pipelines.declare.language import Call, Language, UnsayableError, names_and_types
from lakehouse.pipelines.declare.steps.added_groups import AddedGroups
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords
from lakehouse.pipelines.declare.steps.kept_groups import KeptGroups, WholeGroups
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["Aggregate", "GroupWords", "Pivot"]


_NO_MEASURES = frozenset({"self", "by"})
"""Names that mean something else as arguments in Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _AggregateYaml:
    by: str | list[str] = field(default_factory=list)
    measures: Mapping[str, str] = field(default_factory=dict)


@word("aggregate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Step):
    """One row a group: ``by`` are columns or expressions, ``measures`` are (name, SQL aggregate) pairs."""

    yaml_type: ClassVar[Any] = _AggregateYaml
    makes_rows: ClassVar[bool] = True
    combines_rows: ClassVar[bool] = True
    shuffles_rows: ClassVar[bool] = True

    by: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]

    @classmethod
    def from_yaml(cls, given: _AggregateYaml, part: YamlPart) -> Aggregate:
        return cls(by=names(given.by), measures=tuple(given.measures.items()), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        given = {"by": list(self.by), "measures": names_and_types(self.measures)}
        return {key: value for key, value in given.items() if value}

    def to_python(self, language: Language) -> Call:
        for name in _NO_MEASURES.intersection(dict(self.measures)):
            raise UnsayableError(f"a measure is called {name!r}", fix="give it another name.")
        by = {"by": list(self.by)} if self.by else {}
        return Call(name="aggregate", named={**by, **names_and_types(self.measures)})

    @property
    def label(self) -> str:
        return f"aggregate(by={', '.join(self.by)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        measures = [F.expr(text).alias(name) for name, text in self.measures]
        groups = frame.groupBy(*(F.expr(column) for column in self.by))
        return groups.agg(*measures) if measures else groups.agg(F.count(F.lit(1)).alias("count"))

    def why_not_by_row(self) -> str | None:
        return "makes groups of rows"

    def why_varying(self) -> str | None:
        texts = (*self.by, *(text for _, text in self.measures))
        return next((why for text in texts if (why := why_varying(text)) is not None), None)

    def passes_on(self, column: str) -> str | None:
        return column if column in map(plain_column, self.by) else None

    @property
    def group_keys(self) -> tuple[str, ...] | None:
        return self.by

    def groups(self, frame: DataFrame, context: StepContext) -> KeptGroups | None:
        measures = dict(self.measures) or {"count": "count(1)"}
        columns = self.apply(frame, context).columns
        if len(columns) != len(self.by) + len(measures):
            return None
        keys = tuple(columns[: len(self.by)])
        added = AddedGroups.over(frame, by=self.by, keys=keys, measures=measures)
        return added or WholeGroups(keys, partial(self.apply, context=context))

    def parts(self) -> Sequence[Step]:
        by = [replace(self, by=(column,), measures=()) for column in self.by]
        return [*by, *(replace(self, by=(), measures=(measure,)) for measure in self.measures)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PivotYaml:
    column: str
    values: list[str | int | float | bool]
    by: str | list[str]
    measure: str


@word("pivot")
@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot(Step):
    """One row a group and one column a value of ``column``; the values are given, so that no data is read for them."""

    yaml_type: ClassVar[Any] = _PivotYaml
    makes_rows: ClassVar[bool] = True
    combines_rows: ClassVar[bool] = True
    shuffles_rows: ClassVar[bool] = True

    by: tuple[str, ...]
    column: str
    values: tuple[Any, ...]
    measure: str

    @classmethod
    def from_yaml(cls, given: _PivotYaml, part: YamlPart) -> Pivot:
        return cls(
            by=names(given.by),
            column=given.column,
            values=tuple(given.values),
            measure=given.measure,
            location=part.location,
        )

    def to_yaml(self, language: Language) -> dict[str, Any]:
        values = language.value(list(self.values))
        return {"column": self.column, "values": values, "by": list(self.by), "measure": self.measure}

    def to_python(self, language: Language) -> Call:
        return Call.of("pivot", self.to_yaml(language), "column", "values")

    @property
    def label(self) -> str:
        return f"pivot({self.column})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        groups = frame.groupBy(*(F.expr(column) for column in self.by))
        return groups.pivot(self.column, list(self.values)).agg(F.expr(self.measure))

    def why_not_by_row(self) -> str | None:
        return "makes groups of rows"

    def why_varying(self) -> str | None:
        return next(
            (why for each in (*self.by, self.measure) if (why := why_varying(each)) is not None), None
        )

    @property
    def group_keys(self) -> tuple[str, ...] | None:
        return self.by

    def groups(self, frame: DataFrame, context: StepContext) -> KeptGroups | None:
        apply = partial(self.apply, context=context)
        return WholeGroups(tuple(apply(frame).columns[: len(self.by)]), apply)


class GroupWords(StepWords):
    """What a flow says to group rows."""

    __slots__ = ()

    def aggregate(self, *, by: str | tuple[str, ...] | list[str] = (), **measures: str) -> Self:
        """One row a group: ``aggregate(by="day", revenue="sum(revenue)")``; names to SQL aggregates."""
        step = Aggregate(by=names(by), measures=tuple(measures.items()), location=caller_location())
        return self.step(step)

    def pivot(
        self, column: str, values: tuple[Any, ...] | list[Any], *, by: str | tuple[str, ...], measure: str
    ) -> Self:
        """One row a group and one column for each of ``values``, which are given, not looked for."""
        location = caller_location()
        return self.step(
            Pivot(by=names(by), column=column, values=tuple(values), measure=measure, location=location)
        )
