"""Judged rows as what they make of a table: decided together with what is known of their keys."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.change_data import ChangeRules
from lakehouse.pipelines.refresh.change_data.earlier import EarlierChanges, NoEarlierChanges
from lakehouse.pipelines.refresh.change_data.feed import gathered_of_feed
from lakehouse.pipelines.refresh.change_data.gathered import Gathered
from lakehouse.pipelines.refresh.change_data.result import ChangeResult, KeepBeside
from lakehouse.pipelines.refresh.change_data.snapshots import gathered_of_snapshots, with_snapshot
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey

__all__ = ["decided_rows", "first_rows"]


def decided_rows(
    rules: ChangeRules,
    rows: JudgedRows,
    counter: RowCounter,
    *,
    table: str,
    there: RowsByKey | None,
    earlier: EarlierChanges,
    snapshot: int,
    keep_beside: KeepBeside | None,
) -> JudgedRows:
    """Return what becomes of rows that passed the rules: those to write, and those to keep beside the table.

    ``there``: the table, None where it has no rows yet; ``snapshot``: the number of the batch's, where rows don't
    tell it.
    """
    gathered = _gathered(rules, rows, there, earlier, snapshot)
    decided = gathered.decided(rules).persist()
    try:
        result = ChangeResult(table, rules, gathered, decided)
        return result.of(rows, counter, keep_beside=keep_beside)
    except BaseException:
        for frame in (decided, *gathered.persisted):
            frame.unpersist()
        raise


def first_rows(
    rules: ChangeRules,
    rows: JudgedRows,
    counter: RowCounter,
    *,
    table: str,
) -> JudgedRows:
    """Return what becomes of them in a table that begins with them, and takes no more."""
    return decided_rows(
        rules,
        rows,
        counter,
        table=table,
        there=None,
        earlier=NoEarlierChanges(),
        snapshot=0,
        keep_beside=None,
    )


def _gathered(
    rules: ChangeRules, rows: JudgedRows, there: RowsByKey | None, earlier: EarlierChanges, snapshot: int
) -> Gathered:
    if not rules.from_snapshots:
        return gathered_of_feed(rules, rows.kept, there, earlier)
    kept = with_snapshot(rules, rows.kept, snapshot)
    unread: DataFrame | None = None
    if rows.quarantined is not None:
        unread = with_snapshot(rules, rows.quarantined, snapshot)
    return gathered_of_snapshots(rules, kept, unread, there, earlier)
