"""What can be told from the text of an SQL expression, without Spark. Whatever isn't sure is told as unknown."""

from lakehouse.pipelines.declare.expressions.functions import (
    why_not_by_row,
    why_other_rows,
    why_varying,
    why_varying_code,
)
from lakehouse.pipelines.declare.expressions.measures import AggregateCall, Measure
from lakehouse.pipelines.declare.expressions.monotone import MonotoneColumn
from lakehouse.pipelines.declare.expressions.tokens import plain_column

__all__ = [
    "AggregateCall",
    "Measure",
    "MonotoneColumn",
    "plain_column",
    "why_not_by_row",
    "why_other_rows",
    "why_varying",
    "why_varying_code",
]
