"""All that a batch is decided on: its own changes, those known before, and the rows that may be replaced."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.change_data import ChangeRules

__all__ = ["CLEARED_AT", "Gathered"]

CLEARED_AT = "__cleared_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The changes of every key that a batch touches."""

    changes: DataFrame
    row_type: StructType
    held: DataFrame | None
    """The table's rows of these keys; None where it has none yet."""
    cleared_at: DataFrame | None
    """One row: the sequence, NULL where there is none, up to which changes count no more."""
    clearing_rows: int
    """Rows of the batch that are no changes, but clear the table."""
    kept_beside: Column
    """Whether a decided change is to be added to those that are kept beside the table."""
    marker: DataFrame | None
    """One row: the ``sequence`` that is to be noted beside the table; None where nothing is."""
    persisted: tuple[DataFrame, ...]

    def decided(self, rules: ChangeRules) -> DataFrame:
        """Return the changes with what becomes of each."""
        if self.cleared_at is None:
            return rules.decided(self.changes, self.row_type, cleared_at=None)
        together = self.changes.crossJoin(F.broadcast(self.cleared_at))
        return rules.decided(together, self.row_type, cleared_at=F.col(CLEARED_AT))
