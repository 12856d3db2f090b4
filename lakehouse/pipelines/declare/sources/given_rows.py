"""Rows that a person writes down, as a frame: a text stands for a value of any type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, DoubleType, FloatType, StringType, StructType

from lakehouse.tables import quoted

__all__ = ["GivenRow", "cells_of", "frame_of_rows"]

GivenRow = Sequence[Any] | Mapping[str, Any]
"""A row in the order of the columns, or by name; a name that is missing is NULL."""


def cells_of(rows: Iterable[GivenRow], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return rows in the order of ``names``. Raises KeyError with a name that is not among them."""
    cells = []
    for row in rows:
        if isinstance(row, Mapping):
            for unknown in (name for name in row if name not in names):
                raise KeyError(unknown)
            cells.append(tuple(row.get(name) for name in names))
        else:
            cells.append(tuple(row))
    return cells


def frame_of_rows(spark: SparkSession, rows: Sequence[Sequence[Any]], schema: StructType) -> DataFrame:
    """Return rows with a value for each column as a frame; a text in a column of another type is cast as SQL does."""
    as_text = [
        not isinstance(field.dataType, StringType) and any(isinstance(row[at], str) for row in rows)
        for at, field in enumerate(schema.fields)
    ]
    given = StructType()
    for field, is_text in zip(schema.fields, as_text, strict=True):
        given.add(field.name, StringType() if is_text else field.dataType)
    cells = [
        tuple(_typed(cell, field.dataType) for cell, field in zip(row, given.fields, strict=True))
        for row in rows
    ]
    frame = spark.createDataFrame(cells, given)
    if not any(as_text):
        return frame
    return frame.select(*(F.col(quoted(each.name)).cast(each.dataType) for each in schema.fields))


def _typed(cell: Any, data_type: DataType) -> Any:
    """Return a value as Spark takes it for a column of the type."""
    if cell is None:
        return None
    match data_type:
        case DecimalType():
            return Decimal(str(cell))
        case DoubleType() | FloatType():
            return float(cell)
        case StringType():
            return cell if isinstance(cell, str) else str(cell)
        case _:
            return cell
