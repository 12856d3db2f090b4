"""The values that a ``count(DISTINCT …)`` counts: what tells which values of new rows are new to their groups."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.tables import quoted

__all__ = ["DistinctValues"]

_VALUES = "__lakehouse_values"
_KEY = "k{}"
_VALUE = "v{}"
_OTHER = "__lakehouse_{}"
_COUNT = "__lakehouse_new_values"


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctValues:
    """One measure's values by group, each pair once: frames of them have the columns k0, k1, … and v0, v1, …"""

    by: tuple[str, ...]
    """The expressions that make a group."""
    arguments: str
    """The expressions that are counted, as one text; a row with a NULL among them counts for nothing."""
    condition: str
    """That of the FILTER clause; empty without one."""
    column: str
    """The column of kept rows that has the count."""

    def of(self, rows: DataFrame) -> DataFrame:
        """Return the pairs of these rows."""
        if self.condition:
            rows = rows.where(self.condition)
        keys = [F.expr(text).alias(_KEY.format(number)) for number, text in enumerate(self.by)]
        paired = rows.select(*keys, F.expr(f"struct({self.arguments})").alias(_VALUES))
        names = [_KEY.format(number) for number in range(len(paired.columns) - 1)]
        values = paired.select(f"{_VALUES}.*").columns
        pairs = paired.select(*names, f"{_VALUES}.*").toDF(
            *names, *(_VALUE.format(number) for number in range(len(values)))
        )
        known = _all(F.col(name).isNotNull() for name in pairs.columns[len(names) :])
        return pairs.where(known).distinct()

    def unseen(self, pairs: DataFrame, seen: DataFrame, *, few: bool) -> DataFrame:
        """Return the pairs that are not among ``seen``; ``few`` is whether all of them can be sent everywhere."""
        wanted = F.broadcast(pairs) if few else pairs
        again = seen.join(wanted, _alike(seen, pairs), "left_semi").toDF(*map(_OTHER.format, seen.columns))
        alike = _all(pairs[name].eqNullSafe(again[_OTHER.format(name)]) for name in pairs.columns)
        return pairs.join(F.broadcast(again) if few else again, alike, "left_anti")

    def counted(
        self, kept: DataFrame, keys: Sequence[str], unseen: DataFrame, *, in_one_part: bool = False
    ) -> DataFrame:
        """Return kept rows with the count of unseen pairs in place of their own; ``keys`` are their groups.

        ``in_one_part`` says that both are in one partition each: they meet where they are.
        """
        names = [_KEY.format(number) for number in range(len(keys))]
        counts = unseen.groupBy(*names).agg(F.count(F.lit(1)).alias(_COUNT))
        if not keys:
            joined = kept.crossJoin(counts)
        else:
            alike = _all(
                kept[quoted(key)].eqNullSafe(counts[name]) for key, name in zip(keys, names, strict=True)
            )
            joined = kept.join(counts.hint("shuffle_hash") if in_one_part else counts, alike, "left")
        count = F.coalesce(F.col(_COUNT), F.lit(0)).cast("bigint").alias(self.column)
        return joined.select(*(count if name == self.column else kept[quoted(name)] for name in kept.columns))


def _alike(one: DataFrame, other: DataFrame) -> Column:
    return _all(one[name].eqNullSafe(other[name]) for name in one.columns)


def _all(conditions: Iterable[Column]) -> Column:
    return functools.reduce(operator.and_, conditions)
