"""What is known of the changes that came before a batch."""

from __future__ import annotations

from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

__all__ = ["EarlierChanges", "NoEarlierChanges"]


class EarlierChanges(Protocol):
    """The changes that the table itself does not show."""

    def changes(self, keys: DataFrame | None, row_type: StructType, *, like: DataFrame) -> DataFrame | None:
        """Return those of some keys (None: of all), in the columns of ``like``; None where there are none."""

    def cleared_at(self) -> DataFrame | None:
        """Return one row with the ``sequence`` of the last truncation or snapshot; None, or a NULL, without one."""


class NoEarlierChanges:
    """Of a table that begins."""

    def changes(self, keys: DataFrame | None, row_type: StructType, *, like: DataFrame) -> DataFrame | None:
        return None

    def cleared_at(self) -> DataFrame | None:
        return None
