"""How Spark reads and writes one Delta table. It knows no pipeline, and decides nothing about rows."""

from lakehouse.tables.delta_spark import DeltaSparkTable
from lakehouse.tables.errors import TableWriteError, UnreadableChangesError, root_cause
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import (
    AlreadyPublished,
    IReadableDeltaTable,
    IWritableDeltaTable,
    Published,
    TableState,
    TransactionId,
)
from lakehouse.tables.log import TableLog

__all__ = [
    "AlreadyPublished",
    "DeltaSparkTable",
    "IReadableDeltaTable",
    "IWritableDeltaTable",
    "Published",
    "TableLog",
    "TableState",
    "TableWriteError",
    "TransactionId",
    "UnreadableChangesError",
    "quoted",
    "root_cause",
]
