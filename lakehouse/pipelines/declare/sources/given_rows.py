"""Rows that a person writes down, as a frame: a text stands for a value of any type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.tables import quoted, sql_type

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
    plain = (str, int, float, Decimal, dt.date, dt.datetime)
    if rows and all(cell is None or isinstance(cell, plain) for row in rows for cell in row):
        return _inline(spark, rows, schema)
    return spark.createDataFrame([tuple(row) for row in rows], schema)


def _inline(spark: SparkSession, rows: Sequence[Sequence[Any]], schema: StructType) -> DataFrame:
    """Return the rows as a relation that the driver holds: Spark starts no job to read it."""
    types = [sql_type(field.dataType) for field in schema.fields]
    values = [
        ", ".join(_literal(cell, type_) for cell, type_ in zip(row, types, strict=True)) for row in rows
    ]
    names = ", ".join(quoted(field.name) for field in schema.fields)
    return spark.sql(f"SELECT * FROM VALUES {', '.join(f'({row})' for row in values)} AS t({names})")  # noqa: S608


def _literal(cell: Any, type_: str) -> str:
    """Return a value as SQL writes it; a text goes as its bytes, so that nothing in it means anything."""
    if cell is None:
        return f"CAST(NULL AS {type_})"
    text = cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)
    return f"CAST(CAST(X'{text.encode().hex()}' AS STRING) AS {type_})"
