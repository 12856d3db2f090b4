"""How a table is read and what may be done with it, as far as somebody says it."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.delta_log import Predicate

__all__ = ["MOST_BYTES_AT_ONCE", "Workload"]

MOST_BYTES_AT_ONCE = 1 << 30
"""Of files that become one table in memory, where they take a few times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What strategies are made for."""

    filters: tuple[Predicate, ...] = ()
    """Conditions that readers use."""
    cluster_by: tuple[str, ...] = ()
    """Columns, a field of a struct as ``struct.field``; by default those of the filters that have bounds in the log."""
    target_file_bytes: int | None = None
    """By default it follows from the table's size."""
    reads: float = 10
    """How often it is read before it is maintained again."""
    most_bytes_at_once: int = MOST_BYTES_AT_ONCE
    """Of files that are sorted together. What writes them again by itself has their rows in memory."""
    keep_from_version: int | None = None
    """The oldest version that a reader still needs, beside those that tables of the same warehouse need."""
    ignores_readers: bool = False
    """Whether vacuum leaves out what tables of the same warehouse need."""
