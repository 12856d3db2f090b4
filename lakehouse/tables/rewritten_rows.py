"""What a merge, a deletion and a replacement make of a table's rows, as plain transformations of frames."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import MergePlan

__all__ = ["meets", "merged", "without"]

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
    stay = held.join(*_alike(held, rows, plan.keys), "left_anti")
    lower = {name.lower() for name in new.columns}
    missing = [name for name in held.columns if name.lower() not in lower]
    if missing:
        keys, alike = _alike(new, held, plan.keys, also=missing)
        new = new.join(keys, alike, "left").select(*map(quoted, [*new.columns, *missing]))
    return stay.select(*map(quoted, held.columns)).unionByName(new.select(*map(quoted, held.columns)))


def _alike(
    left: DataFrame, right: DataFrame, keys: Sequence[str], *, also: Sequence[str] = ()
) -> tuple[DataFrame, Column]:
    """Return the keys of ``right``, and the condition under which a row of ``left`` has one: NULL equals NULL."""
    names = {key: _KEY.format(number) for number, key in enumerate(keys)}
    shown = right.select(
        *(F.col(quoted(key)).alias(alias) for key, alias in names.items()), *map(quoted, also)
    )
    alike = [F.col(quoted(key)).eqNullSafe(F.col(alias)) for key, alias in names.items()]
    return shown, functools.reduce(operator.and_, alike)
