"""The pipeline's tables without a row: what flows are tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from lakehouse.pipelines.declare.steps import OtherTable
from lakehouse.tables import quoted

__all__ = ["MARK", "EmptyTables"]

MARK = "lakehouse input "
"""Before the name of an input, the alias that stands under its columns in every plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTables:
    """Frames of the tables' types (a StepContext)."""

    spark: SparkSession
    schemas: Mapping[str, StructType]

    def table(self, name: str) -> OtherTable:
        return OtherTable(frame=self.frame(self.schemas[name], of=name))

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> None:
        return None

    def frame(self, schema: StructType, *, of: str = "") -> DataFrame:
        """Return a frame of this schema without a row, each column nullable.

        It is a query, so that the session is called once, not for each column. ``of`` is what the columns belong
        to; a plan tells it by the alias under them, also where Spark gives them new identifiers.
        """
        columns = [
            f"CAST(NULL AS {_sql_type(each.dataType)}) AS {quoted(each.name)}" for each in schema.fields
        ]
        if not columns:
            return self.spark.range(0).select()
        return self.spark.sql(f"SELECT {', '.join(columns)} FROM range(0) AS {quoted(MARK + of)}")  # noqa: S608 - names are quoted


def _sql_type(data_type: DataType) -> str:
    """Return the type as SQL writes it, whatever the names of its parts are."""
    if isinstance(data_type, StructType):
        parts = ", ".join(f"{quoted(each.name)}: {_sql_type(each.dataType)}" for each in data_type.fields)
        return f"STRUCT<{parts}>"
    if isinstance(data_type, ArrayType):
        return f"ARRAY<{_sql_type(data_type.elementType)}>"
    if isinstance(data_type, MapType):
        return f"MAP<{_sql_type(data_type.keyType)}, {_sql_type(data_type.valueType)}>"
    return data_type.simpleString()
