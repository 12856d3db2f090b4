"""Whole Arrow columns divided at once, by the same algorithm as one number. No Spark in here.

numpy and numba come with the ``fast`` extra. Without them the rows go through the arithmetic unit one by
one: slower, and the same to the bit.
"""

from lakehouse.division.columns.divide import divide_arrow
from lakehouse.division.columns.options import Algorithm, Engine, OnError
from lakehouse.division.columns.reasons import Reason

__all__ = ["Algorithm", "Engine", "OnError", "Reason", "divide_arrow"]
