"""The rows of a table that shows each key as it is now (SCD type 1)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.change_data.changes import DELETED, SEQUENCE
from lakehouse.pipelines.declare.change_data.decision import COUNTS, SHOWS, by_key, with_outcome

__all__ = ["with_newest"]

_NEWEST = "__newest"
_LAST_DELETE = "__last_delete"


def with_newest(changes: DataFrame, *, older_ones_give_values: bool) -> DataFrame:
    """Return the changes with ``shows``, for the newest of a key unless it deletes, and their ``outcome``.

    ``older_ones_give_values``: whether columns of the row may come from changes before the newest.
    """
    counts, key = F.col(COUNTS), by_key()
    changes = changes.withColumn(_NEWEST, F.max(F.when(counts, F.col(SEQUENCE))).over(key))
    is_newest = F.col(SEQUENCE) == F.col(_NEWEST)
    superseded: Column = ~is_newest
    if older_ones_give_values:
        deleted = F.max(F.when(counts & F.col(DELETED), F.col(SEQUENCE))).over(key)
        changes = changes.withColumn(_LAST_DELETE, deleted)
        superseded = F.coalesce(F.col(SEQUENCE) < F.col(_LAST_DELETE), F.lit(False))
    shows = counts & ~F.col(DELETED) & is_newest
    return with_outcome(
        changes.withColumn(SHOWS, F.coalesce(shows, F.lit(False))),
        superseded=F.coalesce(superseded, F.lit(False)),
    ).drop(_NEWEST, _LAST_DELETE)
