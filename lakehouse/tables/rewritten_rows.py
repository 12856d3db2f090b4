"""What a merge, a deletion and a replacement make of a table's rows, as plain transformations of frames."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import MergePlan

__all__ = ["matching_keys", "meets", "merged", "without"]

_KEY = "__lakehouse_key_{}"


def meets(condition: str) -> Column:
    """Return whether a row meets an SQL condition; where that is unknown, it does not."""
    return F.coalesce(F.expr(condition), F.lit(False))


def without(held: DataFrame, condition: str) -> DataFrame:
    """Return the rows that don't meet a condition."""
    return held.where(~meets(condition))


def merged(held: DataFrame, rows: DataFrame, plan: MergePlan) -> DataFrame:
    """Return the table's rows after ``rows`` came, in the columns of ``held``; these keep what ``rows`` lacks."""
    marked = plan.removed if plan.removed in rows.columns else None
    new = rows if marked is None else rows.where(~F.col(quoted(marked))).drop(marked)
    stay = held.join(*matching_keys(rows, plan.keys), "left_anti")
    lower = {name.lower() for name in new.columns}
    missing = [name for name in held.columns if name.lower() not in lower]
    if missing:
        keys, alike = matching_keys(held, plan.keys, also=missing)
        new = new.join(keys, alike, "left").select(*map(quoted, [*new.columns, *missing]))
    return stay.select(*map(quoted, held.columns)).unionByName(new.select(*map(quoted, held.columns)))


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
