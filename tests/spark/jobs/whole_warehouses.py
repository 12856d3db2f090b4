"""Whole warehouses side by side."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

TIMES = ("_ingested_at",)
"""What two runs may tell differently: when they ran."""


def names_of(warehouse: Path) -> list[str]:
    """The tables of a warehouse, those of its own bookkeeping left out: ``silver/sales``."""
    tables = (log.parent.relative_to(warehouse) for log in warehouse.glob("*/*/_delta_log"))
    return sorted(str(table) for table in tables if table.parts[0] != "system")


def differences(spark: SparkSession, one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """The rows that only one of the two warehouses has, by table; no entry for equal tables."""
    found = {}
    for name in sorted({*names_of(one), *names_of(other)}):
        left, right = (
            spark.read.format("delta").load(str(side / name)).drop(*TIMES) for side in (one, other)
        )
        only = (left.exceptAll(right).count(), right.exceptAll(left).count())
        if only != (0, 0):
            found[name] = only
    return found
