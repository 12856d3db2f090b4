"""What becomes of each change of a key: which count, and why the others don't."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.change_data.changes import DELETED, KEY, ORIGIN, SEQUENCE, Origin
from lakehouse.tables import comparable

__all__ = [
    "CONFLICTS",
    "COUNTS",
    "FIRST",
    "LATE",
    "NEWLY_IN_CONFLICT",
    "OUTCOME",
    "SHOWS",
    "Outcome",
    "by_key",
    "compared_part",
    "with_counting",
    "with_outcome",
]

FIRST = "first"
"""Whether no equal change stands before this one."""
CONFLICTS = "conflicts"
"""Whether another change of the same key and sequence says something else."""
LATE = "late"
"""Whether a truncation, or a snapshot, came after the change."""
COUNTS = "counts"
"""Whether the change has a part in what the table shows."""
SHOWS = "shows"
"""Whether a row of the table begins with the change."""
OUTCOME = "outcome"
NEWLY_IN_CONFLICT = "newly_in_conflict"
"""Whether the change was known and undisputed before this batch, and isn't any more."""

_SAYS = "__says"


class Outcome(StrEnum):
    """What became of a change that came with the batch."""

    APPLIED = "applied"
    LATE = "late"
    """A newer change of its key, or a truncation, was there already."""
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


def by_key(*more: str) -> WindowSpec:
    """Return the window of a key's changes; of those with the same values in ``more`` too."""
    return Window.partitionBy(KEY, *more)


def compared_part(row: str, row_type: StructType, *, leave_out: Sequence[str]) -> Column:
    """Return what counts of the column ``row`` when two are compared."""
    fields = [each for each in row_type if each.name not in leave_out]
    values = [comparable(F.col(row).getField(each.name), each.dataType).alias(each.name) for each in fields]
    return F.when(F.col(row).isNotNull(), F.struct(*values))


def with_counting(
    changes: DataFrame, *, compared: Column, late: Column, ties: Sequence[Column] = ()
) -> DataFrame:
    """Return the changes with ``first``, ``conflicts``, ``late``, ``counts`` and ``newly_in_conflict``.

    ``late``: whether a change came too late to count. ``ties``: the order of equal changes from the same place.
    """
    says = F.struct(F.col(DELETED).alias("deleted"), compared.alias("row"))
    # What comes too late contradicts nothing.
    timely = F.when(~F.col(LATE), F.col(_SAYS))
    known = F.when(F.col(ORIGIN) < F.lit(int(Origin.FEED)), timely)
    moment = by_key(SEQUENCE)
    alike = by_key(SEQUENCE, _SAYS).orderBy(ORIGIN, *ties)
    differ = F.min(timely).over(moment) != F.max(timely).over(moment)
    agreed = F.min(known).over(moment) == F.max(known).over(moment)
    marked = (
        changes.withColumn(LATE, F.coalesce(late, F.lit(False)))
        .withColumn(_SAYS, says)
        .withColumn(CONFLICTS, ~F.col(LATE) & F.coalesce(differ, F.lit(False)))
        .withColumn(NEWLY_IN_CONFLICT, F.col(CONFLICTS) & F.coalesce(agreed, F.lit(False)))
        .withColumn(FIRST, F.row_number().over(alike) == 1)
    )
    counts = F.col(FIRST) & ~F.col(CONFLICTS) & ~F.col(LATE)
    return marked.withColumn(COUNTS, counts).drop(_SAYS)


def with_outcome(changes: DataFrame, *, superseded: Column) -> DataFrame:
    """Return the changes with what became of each; NULL for those that did not come with this batch."""
    outcome = (
        F.when(~F.col(FIRST), Outcome.DUPLICATE.value)
        .when(F.col(CONFLICTS), Outcome.CONFLICT.value)
        .when(F.col(LATE) | superseded, Outcome.LATE.value)
        .otherwise(Outcome.APPLIED.value)
    )
    return changes.withColumn(OUTCOME, F.when(F.col(ORIGIN) == F.lit(int(Origin.FEED)), outcome))
