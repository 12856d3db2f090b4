"""Rows that stand in the definition itself, and numbers in a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.declared_rows import DeclaredRows, DeclaredSource
from lakehouse.pipelines.declare.sources.history import History
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import as_struct
from lakehouse.words import word

__all__ = ["RangeSource", "RowsSource"]

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _RowsYaml:
    columns: str | Mapping[str, str]
    """Names and types, or the name of one of the file's schemas."""
    rows: list[list[Cell]]


@word("from_rows")
@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSource(DeclaredRows):
    """Rows that stand in the definition. A text stands for a value of any type, as SQL reads it."""

    yaml_type: ClassVar[Any] = _RowsYaml

    @classmethod
    def from_yaml(cls, given: _RowsYaml, part: YamlPart) -> RowsSource:
        columns = part.at("columns").schema(given.columns)
        return cls(columns=tuple(columns.items()), rows=tuple(map(tuple, given.rows)), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        columns, rows = names_and_types(self.columns), [list(row) for row in self.rows]
        return {"columns": language.value(columns), "rows": language.value(rows)}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_rows", self.to_yaml(language), "rows")

    @property
    def label(self) -> str:
        return f"from_rows({', '.join(name for name, _ in self.columns)})"

    def problems(self) -> Sequence[DefinitionError]:
        return [
            InvalidStepError(step="from_rows", wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in self._wrong()
        ]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        text = json.dumps([self.columns, self.rows], default=repr)
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        reason = f"{len(self.rows)} rows are declared"
        return NewInputs(known={"rows": digest}, reason=reason, outside_bytes=0)

    def _wrong(self) -> Iterator[tuple[str, str]]:
        if not self.columns:
            yield "no columns", "name them with their types."
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                wrong = f"{len(row)} values in row {number} for {len(self.columns)} columns"
                yield wrong, "give each row one value a column; NULL is None, in YAML null."


@word("from_range")
@dataclass(frozen=True, slots=True, kw_only=True)
class RangeSource(DeclaredSource):
    """The whole numbers from ``start`` to ``stop``, ``stop`` left out."""

    stop: int
    start: int = 0
    step: int = 1
    column: str = "id"

    def to_python(self, language: Language) -> Call:
        return Call.of("from_range", self.to_yaml(language), "stop")

    @property
    def label(self) -> str:
        return f"from_range({self.start}, {self.stop})"

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct({self.column: "bigint"})

    def problems(self) -> Sequence[DefinitionError]:
        if self.step != 0:
            return ()
        return [
            InvalidStepError(step=self.label, wrong="step=0", fix="use another step.", location=self.location)
        ]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        inputs = {"start": self.start, "stop": self.stop, "step": self.step}
        return NewInputs(known=inputs, reason="its numbers are declared", outside_bytes=0)

    def frame(self, spark: SparkSession) -> DataFrame:
        return spark.range(self.start, self.stop, self.step).toDF(self.column)
