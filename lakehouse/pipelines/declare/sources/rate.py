"""Numbers that come by the clock, so many a second: a source to try a stream with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    Backlog,
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import as_struct
from lakehouse.words import word

__all__ = ["RateSource"]

_MICROSECONDS = 1_000_000


@word("from_rate")
@dataclass(frozen=True, slots=True, kw_only=True)
class RateSource(Source):
    """The numbers from 0, each in ``value`` with the ``timestamp`` at which it was due.

    They are counted from the first batch of a table, which names that time: whenever and however often a batch is
    read, it has the same rows.
    """

    is_appended_by_default: ClassVar[bool] = True

    rows_per_second: int = 1

    def to_python(self, language: Language) -> Call:
        return Call.of("from_rate", self.to_yaml(language), "rows_per_second")

    @property
    def label(self) -> str:
        return f"from_rate({self.rows_per_second})"

    @property
    def gives_all_rows(self) -> bool:
        return False

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct({"timestamp": "timestamp", "value": "bigint"})

    def problems(self) -> Sequence[DefinitionError]:
        if self.rows_per_second > 0:
            return ()
        wrong, fix = f"rows_per_second={self.rows_per_second}", "let at least one come a second."
        return [InvalidStepError(step="from_rate", wrong=wrong, fix=fix, location=self.location)]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        now = context.now()
        began = dt.datetime.fromisoformat(history[-1]["began"]) if history else now
        after = history[-1]["through"] if history else 0
        through = 1 + int((now - began).total_seconds() * self.rows_per_second)
        if through <= after:
            return None
        return NewInputs(
            known={"began": began.isoformat(), "after": after, "through": through},
            reason=f"{through - after} numbers are due",
            outside_bytes=0,
            backlog=Backlog(count=through - after, unit="records", since=self._due(began, after)),
            left=lambda inputs: Backlog(count=0, unit="records"),
        )

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        inputs = request.inputs
        began = dt.datetime.fromisoformat(inputs["began"])
        began_us = (began - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(microseconds=1)
        due_us = F.expr(f"{began_us} + id * {_MICROSECONDS} div {self.rows_per_second}")
        numbers = context.spark.range(inputs["after"], inputs["through"])
        return numbers.select(F.timestamp_micros(due_us).alias("timestamp"), F.col("id").alias("value"))

    def row_count(self, context: SourceContext, inputs: Inputs) -> int:
        count: int = inputs["through"] - inputs["after"]
        return count

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return 0

    def _due(self, began: dt.datetime, number: int) -> dt.datetime:
        return began + dt.timedelta(seconds=number / self.rows_per_second)
