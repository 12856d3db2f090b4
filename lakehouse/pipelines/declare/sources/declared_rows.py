"""What sources have in common whose rows are a part of the definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.sources.given_rows import frame_of_rows
from lakehouse.pipelines.declare.sources.history import Inputs
from lakehouse.pipelines.declare.sources.interface import ReadRequest, Source, SourceContext, TablesBeside
from lakehouse.quality import as_struct

__all__ = ["DeclaredRows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRows(Source):
    """Rows in the order of columns, all of them in each batch; a subclass says where they stand, and what is news."""

    stands_beside: ClassVar[bool] = True

    columns: tuple[tuple[str, str], ...]
    """Names and types."""
    rows: tuple[tuple[Any, ...], ...] = field(repr=False)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct(dict(self.columns))

    @property
    def gives_all_rows(self) -> bool:
        return True

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return self._frame(context.spark)

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        return self._frame(spark)

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return 0

    def _frame(self, spark: SparkSession) -> DataFrame:
        return frame_of_rows(spark, self.rows, self.schema({}))
