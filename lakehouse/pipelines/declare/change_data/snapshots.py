"""Snapshots: all rows that there are, time after time. A key that one of them lacks was deleted by then."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from lakehouse.pipelines.declare.change_data.changes import DELETED, GIVEN, KEY, ORIGIN, ROW, SEQUENCE, Origin
from lakehouse.pipelines.declare.change_data.decision import by_key

__all__ = ["SNAPSHOT", "absences"]

SNAPSHOT = "_snapshot"
"""The column that tells snapshots apart where their rows don't: each batch is one."""

_NEXT = "__next"
_NEXT_OF_KEY = "__next_of_key"


def absences(changes: DataFrame, held: DataFrame | None, unread: DataFrame | None) -> DataFrame:
    """Return the deletions that snapshots tell of, in the columns of ``changes``, which are their rows.

    ``held`` has the keys that were there before; ``unread`` keys and sequences of rows that were set aside: they
    are there, whatever they say.
    """
    seen = changes.select(KEY, SEQUENCE)
    if unread is not None:
        seen = seen.union(unread.select(KEY, SEQUENCE))
    seen = seen.distinct()
    in_order = changes.select(SEQUENCE).distinct()
    following = in_order.withColumn(_NEXT, F.lead(SEQUENCE).over(Window.orderBy(SEQUENCE)))
    of_key = seen.withColumn(_NEXT_OF_KEY, F.lead(SEQUENCE).over(by_key().orderBy(SEQUENCE)))
    gone = of_key.join(F.broadcast(following), SEQUENCE).where(
        F.col(_NEXT).isNotNull() & (F.col(_NEXT_OF_KEY).isNull() | (F.col(_NEXT_OF_KEY) > F.col(_NEXT)))
    )
    found = gone.select(KEY, F.col(_NEXT).alias(SEQUENCE))
    if held is not None:
        first = F.broadcast(in_order.agg(F.min(SEQUENCE).alias(SEQUENCE)).where(F.col(SEQUENCE).isNotNull()))
        expected = held.select(KEY).crossJoin(first)
        found = found.union(expected.join(seen, [KEY, SEQUENCE], "left_anti").select(KEY, SEQUENCE))
    return found.select(
        KEY,
        SEQUENCE,
        F.lit(True).alias(DELETED),
        F.lit(None).cast(changes.schema[ROW].dataType).alias(ROW),
        F.lit(int(Origin.ABSENCE)).alias(ORIGIN),
        F.lit(None).cast(changes.schema[GIVEN].dataType).alias(GIVEN),
    )
