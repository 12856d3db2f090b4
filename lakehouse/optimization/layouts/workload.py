"""How a table is read and what may be done with it, as far as somebody says it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lakehouse.delta_log import Predicate

__all__ = ["Workload"]

_MOST_COLUMNS = 4
"""Beyond four columns each of them separates files so little that no reader gains (Delta, ``CLUSTER BY``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What strategies are made for."""

    filters: tuple[Predicate, ...] = ()
    """Conditions that readers use."""
    cluster_by: tuple[str, ...] = ()
    """Columns, a field of a struct as ``struct.field``; by default those of the filters."""
    target_file_bytes: int | None = None
    """By default it follows from the table's size."""
    keep_from_version: int | None = None
    """The oldest version that a reader still needs."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to cluster by; empty where nobody says."""
        return self.cluster_by or tuple(_first(self._columns_of_filters()))

    def _columns_of_filters(self) -> Iterable[str]:
        return dict.fromkeys(".".join(path) for each in self.filters for path in sorted(each.columns))


def _first(names: Iterable[str]) -> Iterable[str]:
    return list(names)[:_MOST_COLUMNS]
