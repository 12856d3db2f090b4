"""Gather for snapshots: the rows that are true now, and the keys that a snapshot lacks."""

from __future__ import annotations

import functools

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.change_data import (
    END_AT,
    KEY,
    SEQUENCE,
    SNAPSHOT,
    ChangeRules,
    absences,
)
from lakehouse.pipelines.refresh.change_data.earlier import EarlierChanges
from lakehouse.pipelines.refresh.change_data.gathered import CLEARED_AT, Gathered
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.tables import quoted

__all__ = ["gathered_of_snapshots", "with_snapshot"]


def gathered_of_snapshots(
    rules: ChangeRules,
    rows: DataFrame,
    unread: DataFrame | None,
    there: RowsByKey | None,
    earlier: EarlierChanges,
) -> Gathered:
    """Return what the snapshots ``rows`` are decided on.

    ``unread``: rows that were quarantined: their keys are there. Intervals that have ended are not looked at, for
    a snapshot that comes late does not count.
    """
    held_type = there.log.schema(version=there.version) if there is not None else None
    row_type = rules.row_type(rows.schema, held_type)
    new = rules.of_feed(rows, row_type)
    last = earlier.cleared_at()
    cleared_at = None if last is None else last.select(F.col(SEQUENCE).alias(CLEARED_AT)).persist()
    held = None
    if there is not None:
        held = there.all().where(F.col(END_AT).isNull()) if rules.has_history else there.all()
        held = held.persist()
    timely, known = new, None
    if cleared_at is not None:
        is_late = F.coalesce(F.col(SEQUENCE) <= F.col(CLEARED_AT), F.lit(False))
        timely = new.crossJoin(F.broadcast(cleared_at)).where(~is_late).drop(CLEARED_AT)
        if held is not None:
            at_last = held.crossJoin(F.broadcast(cleared_at))
            known = rules.of_table(at_last, row_type, like=new, last=F.col(CLEARED_AT))
    alive = None if held is None else held.select(F.struct(*map(quoted, rules.keys)).alias(KEY))
    set_aside = None if unread is None else _keys_and_sequences(rules, unread)
    changes = [new, absences(timely, alive, set_aside)]
    if known is not None:
        changes.append(known)
    return Gathered(
        changes=functools.reduce(DataFrame.union, changes),
        row_type=row_type,
        held=held,
        cleared_at=cleared_at,
        clearing_rows=0,
        kept_beside=F.lit(False),
        marker=timely.agg(F.max(SEQUENCE).alias(SEQUENCE)).where(F.col(SEQUENCE).isNotNull()),
        persisted=tuple(each for each in (held, cleared_at) if each is not None),
    )


def with_snapshot(rules: ChangeRules, rows: DataFrame, number: int) -> DataFrame:
    """Return the rows with the number of their snapshot, where they don't tell it."""
    if SNAPSHOT not in rules.sequence_by or SNAPSHOT in rows.columns:
        return rows
    return rows.withColumn(SNAPSHOT, F.lit(number).cast("bigint"))


def _keys_and_sequences(rules: ChangeRules, rows: DataFrame) -> DataFrame:
    keys = F.struct(*map(quoted, rules.keys))
    return rows.select(keys.alias(KEY), rules.sequence().alias(SEQUENCE))
