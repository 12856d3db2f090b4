"""Functions that definitions in the tests name."""

from __future__ import annotations

from pyspark.sql import DataFrame


def positive(sales: DataFrame) -> DataFrame:
    """Keep what was sold."""
    return sales.where("Quantity > 0")
