"""Which rows of which files meet a condition. It reads data files, and no log."""

from lakehouse.delta_log.scan.binding import bound_to
from lakehouse.delta_log.scan.condition_text import condition
from lakehouse.delta_log.scan.data_skipping import may_match
from lakehouse.delta_log.scan.predicates import (
    And,
    ColumnPath,
    Comparison,
    IsIn,
    IsNull,
    Not,
    Or,
    Predicate,
    col,
)
from lakehouse.delta_log.scan.scan import RowFilter, Scan, data_files
from lakehouse.delta_log.scan.separation import Separation, separation_of
from lakehouse.delta_log.scan.statistics import ColumnBounds, column_bounds, find_column, record_counts

__all__ = [
    "And",
    "ColumnBounds",
    "ColumnPath",
    "Comparison",
    "IsIn",
    "IsNull",
    "Not",
    "Or",
    "Predicate",
    "RowFilter",
    "Scan",
    "Separation",
    "bound_to",
    "col",
    "column_bounds",
    "condition",
    "data_files",
    "find_column",
    "may_match",
    "record_counts",
    "separation_of",
]
