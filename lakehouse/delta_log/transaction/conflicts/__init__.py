"""Can a transaction still be committed after another commit? Pure rules, without the log."""

from lakehouse.delta_log.transaction.conflicts.isolation import effective_level, table_level
from lakehouse.delta_log.transaction.conflicts.read_set import (
    NOTHING_READ,
    WHOLE_TABLE,
    ReadPredicate,
    ReadSet,
)
from lakehouse.delta_log.transaction.conflicts.rules import Attempt, WinningCommit, find_conflict

__all__ = [
    "NOTHING_READ",
    "WHOLE_TABLE",
    "Attempt",
    "ReadPredicate",
    "ReadSet",
    "WinningCommit",
    "effective_level",
    "find_conflict",
    "table_level",
]
