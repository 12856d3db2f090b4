"""The step that adds the rows of other tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps.failed_casts import has_failed_casts
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.steps.side_flow import ReadingFlow, SideFlow
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import caller_location
from lakehouse.words import word

__all__ = ["Union", "UnionWords"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnionYaml:
    tables: str | list[str] = field(default_factory=list)
    flows: str | list[str] = field(default_factory=list)


@word("union")
@dataclass(frozen=True, slots=True, kw_only=True)
class Union(Step):
    """Adds all rows of other tables, after their own steps. Columns go by name, in any order; duplicates stay."""

    yaml_type: ClassVar[Any] = _UnionYaml
    keeps_failed_casts: ClassVar[bool] = True
    adds_whole_tables: ClassVar[bool] = True

    others: tuple[SideFlow, ...]

    @classmethod
    def from_yaml(cls, given: _UnionYaml, part: YamlPart) -> Union:
        if not (given.tables or given.flows):
            part.refuse("union names nothing to add. Fix: write the key tables, flows or both.")
        named: list[ReadingFlow | str] = [*names(given.tables)]
        named += [part.at("flows", position).flow(name) for position, name in enumerate(names(given.flows))]
        others = tuple(SideFlow.of(each, word="union", location=part.location) for each in named)
        return cls(others=others, location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        plain = [other for other in self.others if other.is_plain]
        tables, flows = plain, [other for other in self.others if not other.is_plain]
        if (*tables, *flows) != self.others:  # tables come before flows: to keep the order, all are flows
            tables, flows = [], list(self.others)
        keys = {
            "tables": [other.name for other in tables],
            "flows": [language.flow(other.source, other.steps) for other in flows],
        }
        return {key: named for key, named in keys.items() if named}

    def to_python(self, language: Language) -> Call:
        return Call(name="union", arguments=[other.to_python(language) for other in self.others])

    @property
    def label(self) -> str:
        return f"union({', '.join(other.name for other in self.others)})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        for other in self.others:
            rows = other.frame(context, frame.sparkSession)
            check_columns(self, [name for name in frame.columns if name != CAST_ERRORS], rows)
            check_columns(self, [name for name in rows.columns if name != CAST_ERRORS], frame)
            if has_failed_casts(frame) or has_failed_casts(rows):
                frame, rows = _with_errors(frame, rows), _with_errors(rows, frame)
            frame = frame.unionByName(rows)
        return frame

    def why_not_by_row(self) -> str | None:
        return "adds all rows of other tables"

    def tables(self) -> Sequence[TableReference]:
        return [reference for other in self.others for reference in other.tables()]


class UnionWords(StepWords):
    """What a flow says to take more rows in."""

    __slots__ = ()

    def union(self, *others: ReadingFlow | str) -> Self:
        """Add all rows of other tables, or of flows that read one; columns go by name, duplicates stay."""
        location = caller_location()
        sides = tuple(SideFlow.of(other, word="union", location=location) for other in others)
        return self.step(Union(others=sides, location=location))


def _with_errors(frame: DataFrame, like: DataFrame) -> DataFrame:
    if has_failed_casts(frame):
        return frame
    return frame.withColumn(CAST_ERRORS, F.lit(None).cast(like.schema[CAST_ERRORS].dataType))
