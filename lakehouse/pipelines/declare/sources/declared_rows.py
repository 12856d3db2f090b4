"""What sources have in common whose rows are a part of the definition."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.sources.given_rows import frame_of_rows
from lakehouse.pipelines.declare.sources.history import Inputs
from lakehouse.pipelines.declare.sources.interface import ReadRequest, Source, SourceContext, TablesBeside
from lakehouse.quality import as_struct

__all__ = ["DeclaredRows", "DeclaredSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSource(Source):
    """The whole of its rows in each batch; a subclass says what they are, and what is news."""

    stands_beside: ClassVar[bool] = True

    @abstractmethod
    def frame(self, spark: SparkSession) -> DataFrame:
        """Return the rows."""

    @property
    def gives_all_rows(self) -> bool:
        return True

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return self.frame(context.spark)

    def arrivals(self, context: SourceContext, table: str) -> None:
        return None

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        return self.frame(spark)

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int:
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRows(DeclaredSource):
    """Rows in the order of columns; a subclass says where they stand."""

    columns: tuple[tuple[str, str], ...]
    """Names and types."""
    rows: tuple[tuple[Any, ...], ...] = field(repr=False)

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return as_struct(dict(self.columns))

    def frame(self, spark: SparkSession) -> DataFrame:
        return frame_of_rows(spark, self.rows, self.schema({}))
