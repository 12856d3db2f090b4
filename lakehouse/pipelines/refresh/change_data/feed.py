"""Gather for a feed: what the table and its state know of the keys that a batch touches."""

from __future__ import annotations

import functools

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.change_data import (
    FIRST,
    KEY,
    LATE,
    ORIGIN,
    SEQUENCE,
    SHOWS,
    ChangeRules,
    Origin,
)
from lakehouse.pipelines.refresh.change_data.earlier import EarlierChanges
from lakehouse.pipelines.refresh.change_data.gathered import CLEARED_AT, Gathered
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey

__all__ = ["gathered_of_feed"]


def gathered_of_feed(
    rules: ChangeRules, rows: DataFrame, there: RowsByKey | None, earlier: EarlierChanges
) -> Gathered:
    """Return what the changes ``rows`` are decided on; ``there``: the table, None where it has no rows yet."""
    held_type = there.log.schema(version=there.version) if there is not None else None
    row_type = rules.row_type(rows.schema, held_type)
    new = rules.of_feed(rows, row_type)
    truncations = rules.truncations(rows)
    truncating = 0 if truncations is None else truncations.count()
    # A truncation touches every key.
    keys = None if truncating else new.select(*(F.col(KEY).getField(key).alias(key) for key in rules.keys))
    held = None if there is None else there.all() if keys is None else there.with_key_of(keys, rules.keys)
    # It is looked at twice: as changes, and as what is to be replaced.
    held = None if held is None else held.persist()
    shows = rules.table_shows_changes(row_type)
    changes = [new]
    if held is not None and shows:
        changes.append(rules.of_table(held, row_type, like=new))
    if (kept := earlier.changes(keys, row_type, like=new)) is not None:
        changes.append(kept)
    newest, cleared_at = None, None
    if truncations is not None:
        newest = truncations.agg(F.max(rules.sequence()).alias(SEQUENCE))
        before = earlier.cleared_at()
        both = newest if before is None else newest.union(before)
        cleared_at = both.agg(F.max(SEQUENCE).alias(CLEARED_AT)).persist()
    return Gathered(
        changes=functools.reduce(DataFrame.union, changes),
        row_type=row_type,
        held=held,
        cleared_at=cleared_at,
        clearing_rows=truncating,
        kept_beside=_kept_beside(shows=shows),
        marker=newest if truncating else None,
        persisted=tuple(each for each in (held, cleared_at) if each is not None),
    )


def _kept_beside(*, shows: bool) -> Column:
    origin = F.col(ORIGIN)
    if not shows:
        return F.col(FIRST) & ~F.col(LATE) & (origin == F.lit(int(Origin.FEED)))
    return F.col(FIRST) & ~F.col(LATE) & ~F.col(SHOWS) & (origin != F.lit(int(Origin.STATE)))
