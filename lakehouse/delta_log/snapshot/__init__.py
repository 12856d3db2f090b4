"""A table as it is at one version, and how versions differ. Nothing here writes."""

from lakehouse.delta_log.snapshot.difference import TableDifference, difference
from lakehouse.delta_log.snapshot.snapshot import Snapshot

__all__ = [
    "Snapshot",
    "TableDifference",
    "difference",
]
