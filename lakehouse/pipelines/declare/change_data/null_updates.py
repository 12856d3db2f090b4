"""Updates that leave columns out: a NULL keeps the value that the key had before, down into structs."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, WindowSpec
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType
from pyspark.sql.window import Window

from lakehouse.pipelines.declare.change_data.changes import DELETED, ROW, SEQUENCE, SHOWN
from lakehouse.pipelines.declare.change_data.decision import COUNTS, by_key

__all__ = ["with_nulls_filled"]

_LIFE = "__life"


def with_nulls_filled(changes: DataFrame, *, row_type: StructType, keep_nulls: Sequence[str]) -> DataFrame:
    """Return the changes with ``shown``: their rows, NULLs filled with the last value since the key was deleted.

    Only changes that count give values. The columns ``keep_nulls`` stay as they come.
    """
    up_to_here = (Window.unboundedPreceding, Window.currentRow)
    deletes = F.count_if(F.col(COUNTS) & F.col(DELETED)).over(
        by_key().orderBy(SEQUENCE).rowsBetween(*up_to_here)
    )
    life = by_key(_LIFE).orderBy(SEQUENCE).rowsBetween(*up_to_here)
    updates = F.col(COUNTS) & ~F.col(DELETED)
    fields = [
        (
            F.col(ROW).getField(each.name)
            if each.name in keep_nulls
            else _filled(F.col(ROW).getField(each.name), each.dataType, updates, life)
        ).alias(each.name)
        for each in row_type
    ]
    filled = F.when(updates, F.struct(*fields)).otherwise(F.col(ROW))
    return changes.withColumn(_LIFE, deletes).withColumn(SHOWN, filled).drop(_LIFE)


def _filled(value: Column, data_type: DataType, updates: Column, life: WindowSpec) -> Column:
    if isinstance(data_type, StructType):
        parts = [
            _filled(value.getField(each.name), each.dataType, updates, life).alias(each.name)
            for each in data_type
        ]
        there = F.count_if(updates & value.isNotNull()).over(life) > 0
        return F.when(there, F.struct(*parts))
    return F.last(F.when(updates, value), ignorenulls=True).over(life)
