"""What a reader has to do, as a number, and what a better layout may cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["NO_LOAD", "Load", "WorthRule", "mean"]

_OPENING_BYTES = 4 << 20
"""What opening a file costs, in bytes that could be read meanwhile (Spark, ``spark.sql.files.openCostInBytes``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Files to open and bytes to read; of several readings, their mean."""

    files: float
    size_bytes: float

    @property
    def weight(self) -> float:
        """Both as one number of bytes."""
        return self.size_bytes + self.files * _OPENING_BYTES

    def __add__(self, other: Load) -> Load:
        return Load(files=self.files + other.files, size_bytes=self.size_bytes + other.size_bytes)

    def shared_by(self, count: int) -> Load:
        """Return the mean of so many readings, of which this is the sum."""
        return Load(files=self.files / count, size_bytes=self.size_bytes / count)


NO_LOAD = Load(files=0, size_bytes=0)


def mean(loads: Sequence[Load]) -> Load:
    """Return the mean of some readings; no load of none."""
    return sum(loads, NO_LOAD).shared_by(max(1, len(loads)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthRule:
    """When a better layout pays: what its readers save is more than what rewriting costs."""

    reads: float = 10
    """How often the table is read in the way that is predicted, before it is maintained again."""
    rewrite_factor: float = 2
    """What a rewritten byte costs, in bytes that are read: it is read and written."""

    def gain(self, before: Load, after: Load, *, rewritten_bytes: int) -> float:
        """Return what is saved, less what it costs, in bytes; above 0 it pays."""
        return self.reads * (before.weight - after.weight) - self.rewrite_factor * rewritten_bytes
