"""A table as it is at one version, and how versions differ. Nothing here writes."""

from lakehouse.delta_log.snapshot.difference import TableDifference, difference
from lakehouse.delta_log.snapshot.scan_part import ScanPart, scan_parts
from lakehouse.delta_log.snapshot.snapshot import Snapshot

__all__ = [
    "ScanPart",
    "Snapshot",
    "TableDifference",
    "difference",
    "scan_parts",
]
