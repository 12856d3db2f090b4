"""The rows that a table shows, what they were, and what is to be written to get from the one to the other."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

__all__ = ["REMOVED", "VALUES", "written_rows"]

REMOVED = "__lakehouse_removed"
"""Marks the rows that go from the table; it is no column of the table."""

VALUES = "values"
"""Struct of the table's columns, in the frames that are compared."""

_HELD = "__held_{}"


def written_rows(
    shown: DataFrame, held: DataFrame, *, match: Sequence[str], differs: Column, held_name: str
) -> DataFrame:
    """Return what to write so that a table with the rows ``held`` has ``shown``: new rows, and those that go.

    Both have the columns ``match``, by which rows are the same, and ``values``. ``differs`` says whether
    ``values`` and the held row's, called ``held_name``, are to be told apart.
    """
    names = {name: _HELD.format(name) for name in match}
    theirs = held.select(
        *(F.col(name).alias(alias) for name, alias in names.items()), F.col(VALUES).alias(held_name)
    )
    alike = F.lit(True)
    for name, alias in names.items():
        alike = alike & F.col(name).eqNullSafe(F.col(alias))
    both = shown.join(theirs, alike, "full_outer")
    gone = F.col(VALUES).isNull()
    changed = F.col(held_name).isNull() | gone | differs
    return (
        both.where(changed)
        .select(F.coalesce(F.col(VALUES), F.col(held_name)).alias(VALUES), gone.alias(REMOVED))
        .select(f"{VALUES}.*", REMOVED)
    )
