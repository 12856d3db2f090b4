"""A step from outside: it keeps every n-th number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines import Step, StepContext, word


@word("sample")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Step):
    """Keeps the numbers that ``every`` divides."""

    removes_rows: ClassVar[bool] = True

    every: int

    @property
    def label(self) -> str:
        return f"sample({self.every})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.where(f"number % {self.every} = 0")
