"""Whole Arrow columns divided at once, by the same algorithm as one number. No Spark in here.

numpy and numba come with the ``fast`` extra. Without them the rows go through the arithmetic unit one by
one: slower, and the same to the bit.
"""

from lakehouse.division.columns.allocate import allocate_arrow
from lakehouse.division.columns.div_round import div_round_arrow
from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.columns.exact_types import divide_exact_types
from lakehouse.division.columns.options import Algorithm, Engine, OnError
from lakehouse.division.columns.reasons import Reason
from lakehouse.division.columns.repeating import expand_arrow

__all__ = [
    "Algorithm",
    "Engine",
    "OnError",
    "Reason",
    "allocate_arrow",
    "div_round_arrow",
    "divide_arrow",
    "divide_exact_types",
    "expand_arrow",
]
