"""Whether rows may be others when they are computed again from the same ones, as Spark's plan tells it."""

from __future__ import annotations

import re
from typing import Any

from pyspark.sql import DataFrame

__all__ = ["goes_row_by_row", "may_choose", "may_vary", "runs_code"]

_OPERATORS = re.compile(
    r"^[\s:|+-]*(?:Deduplicate|DeduplicateWithinWatermark|Window|GlobalLimit|LocalLimit|Offset|Tail|Sample)\b",
    re.MULTILINE,
)
"""In a plan's text: what takes some of several rows. Which ones may depend on the order in which they come."""
_AGGREGATE = re.compile(r"^[\s:|+-]*Aggregate\b", re.MULTILINE)
_FUNCTIONS = re.compile(r"\.aggregate\.(?:First|Last|AnyValue|Collect\w+|ListAgg|MaxBy|MinBy|Mode)\"")
"""In a plan's JSON: what takes some of several values, or puts them in a row."""

_FOREIGN = ("PYTHON_UDF", "SCALA_UDF", "INVOKE", "DESERIALIZE_TO_OBJECT", "SERIALIZE_FROM_OBJECT")
"""Patterns of Spark's plans: what calls functions of others, and what hands rows to them as objects."""

_TOGETHER = (
    "AGGREGATE",
    "AS_OF_JOIN",
    "DISTINCT_LIKE",
    "EXCEPT",
    "GENERATE",
    "INTERSECT",
    "JOIN",
    "LATERAL_JOIN",
    "LIMIT",
    "NATURAL_LIKE_JOIN",
    "OFFSET",
    "OUTER_JOIN",
    "PIVOT",
    "PLAN_EXPRESSION",
    "PYTHON_DATA_SOURCE",
    "REBALANCE_PARTITIONS",
    "REPARTITION_OPERATION",
    "SORT",
    "WINDOW",
)
"""Patterns of Spark's plans: what looks at several rows, and what may take long for each."""


def may_choose(before: DataFrame, after: DataFrame) -> bool:
    """Say whether ``after``, computed a second time from the same rows of ``before``, may have others.

    It may by ``rand``, by ``current_timestamp``, by ``first`` or ``collect_list``, and by an operator such as
    ``dropDuplicates``. Where no plan can be seen (Spark Connect), it may.
    """
    plan, input_plan = _plan_of(after), _plan_of(before)
    if plan is None or input_plan is None:
        return True
    return not plan.deterministic() or _tells_the_time(after, plan) or _choices(plan) > _choices(input_plan)


def may_vary(frame: DataFrame) -> bool:
    """Say whether Spark's plan shows that a value of ``frame`` may differ another time, by ``rand`` or a clock."""
    plan = _plan_of(frame)
    return plan is not None and (not plan.deterministic() or _tells_the_time(frame, plan))


def runs_code(frame: DataFrame) -> bool:
    """Say whether code that is not Spark's own computes rows of ``frame``, as a Python function does.

    Nobody knows whether it gives the same another time. Where no plan can be seen (Spark Connect), it may be there.
    """
    plan = _plan_of(frame)
    if plan is None:
        return True
    patterns = getattr(frame.sparkSession._jvm, "org.apache.spark.sql.catalyst.trees.TreePattern")
    return any(plan.containsPattern(getattr(patterns, name)()) for name in _FOREIGN)


def goes_row_by_row(frame: DataFrame) -> bool:
    """Say whether each row of ``frame`` comes of one row that is read: to compute them again moves none of them.

    Where no plan can be seen (Spark Connect), it may be otherwise.
    """
    plan = _plan_of(frame)
    if plan is None:
        return False
    patterns = getattr(frame.sparkSession._jvm, "org.apache.spark.sql.catalyst.trees.TreePattern")
    return not any(plan.containsPattern(getattr(patterns, name)()) for name in _TOGETHER)


def _plan_of(frame: DataFrame) -> Any | None:
    jvm_frame = getattr(frame, "_jdf", None)
    return None if jvm_frame is None else jvm_frame.queryExecution().analyzed()


def _tells_the_time(frame: DataFrame, plan: Any) -> bool:
    # The time is one in a query, and a second query has another.
    patterns = getattr(frame.sparkSession._jvm, "org.apache.spark.sql.catalyst.trees.TreePattern")
    return bool(plan.containsPattern(patterns.CURRENT_LIKE()))


def _choices(plan: Any) -> int:
    text = plan.toString()
    in_groups = len(_FUNCTIONS.findall(plan.toJSON())) if _AGGREGATE.search(text) else 0
    return len(_OPERATORS.findall(text)) + in_groups
