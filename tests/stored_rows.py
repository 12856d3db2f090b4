"""The rows of a table as Spark would give them, read by another engine without a Spark job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from deltalake.exceptions import DeltaError
from pyspark.sql import Row, SparkSession

__all__ = ["stored_rows"]


def stored_rows(spark: SparkSession, table: Path, *columns: str) -> list[tuple[Any, ...]]:
    """Return the rows with these columns, or all; Spark reads what delta-rs can't, such as mapped columns."""
    try:
        stored = deltalake.DeltaTable(table)
        if "delta.columnMapping.mode" in stored.metadata().configuration:
            raise DeltaError("a renamed column would be NULL")
        found = stored.to_pyarrow_table(columns=list(columns) or None)
    except (DeltaError, pa.ArrowException):
        frame = spark.read.format("delta").load(str(table))
        return [tuple(row) for row in (frame.select(*columns) if columns else frame).collect()]
    types = found.schema.types
    return [
        tuple(_in_spark(value, each) for value, each in zip(row.values(), types, strict=True))
        for row in found.to_pylist()
    ]


def _in_spark(value: Any, data_type: pa.DataType) -> Any:
    """Return a value as PySpark collects it."""
    if value is None:
        return None
    if pa.types.is_struct(data_type):
        return Row(**{each.name: _in_spark(value[each.name], each.type) for each in data_type})
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return [_in_spark(each, data_type.value_type) for each in value]
    if pa.types.is_map(data_type):
        return {key: _in_spark(each, data_type.item_type) for key, each in value}
    if pa.types.is_timestamp(data_type) and data_type.tz is not None:
        return value.astimezone().replace(tzinfo=None)
    return value
