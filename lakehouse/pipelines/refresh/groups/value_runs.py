"""The values that groups have had, on disk: immutable runs, the biggest first, of which small ones become one.

A new run is merged with those before it while they are less than twice its size. So a value is written about as
often as the runs have doubled, and there are no more runs than that.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines.declare.steps import DistinctValues
from lakehouse.tables import StagedRows

__all__ = ["GrownValues", "ValueRuns", "are_few", "first_to_merge", "grown", "in_one_part", "values_in"]

ValueRuns = tuple[StagedRows, ...]

_FEW_ROWS = 100_000
"""So many pairs are sent to all who read what is kept, and so many rows are one task's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownValues:
    """What a batch added to the values of its groups."""

    runs: ValueRuns
    unseen: DataFrame
    """The pairs that no earlier batch had."""


def values_in(runs: ValueRuns, spark: SparkSession) -> DataFrame:
    """Return the pairs of all runs, of which there is at least one."""
    return functools.reduce(DataFrame.unionByName, (run.frame(spark) for run in runs))


def grown(
    runs: ValueRuns,
    values: DistinctValues,
    pairs: DataFrame,
    write: Callable[[DataFrame], StagedRows],
    *,
    at_most: int | None,
) -> GrownValues:
    """Write the pairs that no run has, and return the runs with them.

    ``at_most`` is how many pairs there can be; where that is None or more than a few, they are counted before.
    """
    spark = pairs.sparkSession
    seen = values_in(runs, spark)
    if are_few(at_most):
        new = write(values.unseen(pairs, seen, few=True))
    else:
        pairs = pairs.persist()
        try:
            new = write(values.unseen(pairs, seen, few=are_few(pairs.count())))
        finally:
            pairs.unpersist()
    unseen = in_one_part(new.frame(spark), new.row_count)
    if not new.row_count:
        return GrownValues(runs=runs, unseen=unseen)
    kept = first_to_merge(runs, new.row_count)
    if kept == len(runs):
        return GrownValues(runs=(*runs, new), unseen=unseen)
    merged = write(values_in((*runs[kept:], new), spark))
    return GrownValues(runs=(*runs[:kept], merged), unseen=unseen)


def in_one_part(frame: DataFrame, row_count: int | None) -> DataFrame:
    """Return few rows in one part: groups and joins of them exchange nothing, and an exchange is a job of its own."""
    return frame.coalesce(1) if are_few(row_count) else frame


def are_few(row_count: int | None) -> bool:
    """Say whether so many rows are few; None, which nobody knows, is not."""
    return row_count is not None and row_count <= _FEW_ROWS


def first_to_merge(runs: Sequence[StagedRows], row_count: int) -> int:
    """Return the position of the first run that becomes one with a new run of so many rows."""
    first = len(runs)
    while first and runs[first - 1].row_count < 2 * row_count:
        first -= 1
        row_count += runs[first].row_count
    return first
