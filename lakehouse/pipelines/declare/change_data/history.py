"""The rows of a table that keeps what each key was, and from when to when (SCD type 2)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from lakehouse.pipelines.declare.change_data.changes import DELETED, END_AT, SEQUENCE, SHOWN
from lakehouse.pipelines.declare.change_data.decision import COUNTS, SHOWS, by_key, with_outcome

__all__ = ["with_intervals"]

_STATE = "__state"
_BEFORE = "__before"
_TURNS = "__turns"
_RUN = "__run"


def with_intervals(changes: DataFrame, *, tracked: Column, later_values_show: bool) -> DataFrame:
    """Return the changes with ``shows``, for each that begins an interval, its ``__END_AT``, and their ``outcome``.

    ``tracked``: what makes a new interval when it changes. ``later_values_show``: whether an interval shows the
    other values as its last change has them.
    """
    counts, in_order = F.col(COUNTS), by_key().orderBy(SEQUENCE)
    earlier = (Window.unboundedPreceding, -1)
    state = F.struct(F.col(DELETED).alias("deleted"), F.when(~F.col(DELETED), tracked).alias("tracked"))
    changes = changes.withColumn(_STATE, F.when(counts, state))
    before = F.last(_STATE, ignorenulls=True).over(in_order.rowsBetween(*earlier))
    changes = changes.withColumn(_BEFORE, before)
    turns = counts & F.when(F.col(_BEFORE).isNull(), ~F.col(DELETED)).otherwise(
        ~F.col(_STATE).eqNullSafe(F.col(_BEFORE))
    )
    changes = changes.withColumn(_TURNS, F.coalesce(turns, F.lit(False)))
    backwards = by_key().orderBy(F.col(SEQUENCE).desc()).rowsBetween(*earlier)
    end = F.last(F.when(F.col(_TURNS), F.col(SEQUENCE)), ignorenulls=True).over(backwards)
    changes = changes.withColumn(SHOWS, F.col(_TURNS) & ~F.col(DELETED)).withColumn(END_AT, end)
    if later_values_show:
        so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
        changes = changes.withColumn(_RUN, F.count_if(F.col(_TURNS)).over(so_far))
        updated_at = F.when(counts & ~F.col(DELETED), F.col(SEQUENCE))
        newest = F.max_by(F.col(SHOWN), updated_at).over(by_key(_RUN))
        changes = changes.withColumn(SHOWN, newest)
    return with_outcome(changes, superseded=F.lit(False)).drop(_STATE, _BEFORE, _TURNS, _RUN)
