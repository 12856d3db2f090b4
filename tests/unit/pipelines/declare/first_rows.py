"""A step from outside."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines import Step, StepContext, word


@word("first_rows")
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRows(Step):
    """Keeps as many rows."""

    count: int

    @property
    def label(self) -> str:
        return f"first_rows({self.count})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.limit(self.count)
