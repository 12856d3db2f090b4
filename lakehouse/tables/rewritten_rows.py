"""What a merge, a deletion and a replacement make of a table's rows, as plain transformations of frames."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import MergePlan

__all__ = ["arriving", "as_changes", "matching_keys", "meets", "merge_changes", "unmatched", "without"]

_KEY = "__lakehouse_key_{}"


def meets(condition: str) -> Column:
    """Return whether a row meets an SQL condition; where that is unknown, it does not."""
    return F.coalesce(F.expr(condition), F.lit(False))


def without(held: DataFrame, condition: str) -> DataFrame:
    """Return the rows that don't meet a condition."""
    return held.where(~meets(condition))


def unmatched(held: DataFrame, rows: DataFrame, plan: MergePlan) -> DataFrame:
    """Return the table's rows that none of ``rows`` meets."""
    stay = held.join(*matching_keys(rows, plan.keys), "left_anti")
    return stay.select(*map(quoted, held.columns))


def merge_changes(held: DataFrame, rows: DataFrame, plan: MergePlan) -> DataFrame:
    """Return what a merge does to rows, as a change data feed shows it."""
    columns = [*map(quoted, held.columns)]
    gone, new = _removing(rows, plan), _staying(rows, plan)
    come, met = arriving(held, rows, plan), matching_keys(held, plan.keys)
    parts = [
        (held.join(*matching_keys(new, plan.keys), "left_semi"), "update_preimage"),
        (come.join(*met, "left_semi"), "update_postimage"),
        (come.join(*met, "left_anti"), "insert"),
    ]
    if gone is not None:
        parts.append((held.join(*matching_keys(gone, plan.keys), "left_semi"), "delete"))
    return functools.reduce(
        DataFrame.unionByName, (as_changes(part.select(*columns), kind) for part, kind in parts)
    )


def as_changes(rows: DataFrame, kind: str) -> DataFrame:
    """Return rows that were changed in one way, as a change data feed has them."""
    return rows.withColumn("_change_type", F.lit(kind))


def _removing(rows: DataFrame, plan: MergePlan) -> DataFrame | None:
    """Return the rows that remove the one that they meet; None where none can."""
    if plan.removed is None or plan.removed not in rows.columns:
        return None
    return rows.where(meets(quoted(plan.removed)))


def _staying(rows: DataFrame, plan: MergePlan) -> DataFrame:
    if plan.removed is None or plan.removed not in rows.columns:
        return rows
    return rows.where(~F.col(quoted(plan.removed))).drop(plan.removed)


def arriving(held: DataFrame, rows: DataFrame, plan: MergePlan) -> DataFrame:
    """Return the rows that come in, in the columns of ``held``, with what they lack from those that they meet."""
    new = _staying(rows, plan)
    lower = {name.lower() for name in new.columns}
    missing = [name for name in held.columns if name.lower() not in lower]
    if missing:
        keys, alike = matching_keys(held, plan.keys, also=missing)
        new = new.join(keys, alike, "left").select(*map(quoted, [*new.columns, *missing]))
    return new.select(*map(quoted, held.columns))


def matching_keys(
    rows: DataFrame, keys: Sequence[str], *, also: Sequence[str] = ()
) -> tuple[DataFrame, Column]:
    """Return the keys of ``rows``, to be joined to, and the condition under which another row has one.

    NULL equals NULL. ``also`` are other columns of theirs that are wanted.
    """
    names = {key: _KEY.format(number) for number, key in enumerate(keys)}
    shown = rows.select(
        *(F.col(quoted(key)).alias(alias) for key, alias in names.items()), *map(quoted, also)
    )
    alike = [F.col(quoted(key)).eqNullSafe(F.col(alias)) for key, alias in names.items()]
    return shown, functools.reduce(operator.and_, alike)
