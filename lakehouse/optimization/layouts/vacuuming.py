"""Files that no version within the retention needs, deleted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar, Self

from lakehouse.delta_log import Snapshot, Vacuumed, vacuum
from lakehouse.optimization.layouts.loads import NO_LOAD, Load
from lakehouse.optimization.layouts.strategy import Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.layouts.workload import Workload
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Vacuuming"]

_HOUR_MS = 3_600_000
_MARGIN_HOURS = 1
"""A file may have been marked as removed before the commit that it was removed by."""


@word("vacuum")
@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuuming(Strategy[Proposal]):
    """Deletes files that are in no version of the table's retention, nor in one that a reader still needs."""

    stage: ClassVar[Stage] = Stage.STORAGE

    keep_from_version: int | None = None
    """The oldest version that must stay readable, whatever its age."""

    @classmethod
    def made_for(cls, workload: Workload) -> Self:
        return cls(keep_from_version=workload.keep_from_version)

    def propose(self, facts: TableFacts) -> Proposal | None:
        found = self._vacuum(facts, dry_run=True)
        if not found.keys:
            return None
        kept = f"{found.kept_hours:,.0f} hours"
        return Proposal(
            reason=f"{len(found.keys):,} files of {size_text(found.size_bytes)} are in no version of the last {kept}",
            before=_held(found),
            after=NO_LOAD,
        )

    def act(self, table: MaintainedTable, proposal: Proposal) -> int | None:
        self._vacuum(table.facts(), dry_run=False)
        return None

    def measure(self, facts: TableFacts, proposal: Proposal) -> Load:
        return _held(self._vacuum(facts, dry_run=True))

    def _vacuum(self, facts: TableFacts, *, dry_run: bool) -> Vacuumed:
        least = vacuum(facts.storage, dry_run=True) if self.keep_from_version is not None or dry_run else None
        hours = self._hours_since_kept(facts)
        if least is not None and (hours is None or hours <= least.kept_hours):
            return least if dry_run else vacuum(facts.storage, dry_run=False)
        return vacuum(facts.storage, retention_hours=hours, dry_run=dry_run)

    def _hours_since_kept(self, facts: TableFacts) -> float | None:
        """Return how long ago the version was made; None where nobody asked for one."""
        if self.keep_from_version is None:
            return None
        made = Snapshot.load(facts.table, self.keep_from_version, storage=facts.storage).timestamp_ms
        if made is None:
            return time.time_ns() / 1_000_000 / _HOUR_MS  # nobody knows, so every file is kept
        return (time.time_ns() / 1_000_000 - made) / _HOUR_MS + _MARGIN_HOURS


def _held(found: Vacuumed) -> Load:
    return Load(files=len(found.keys), size_bytes=found.size_bytes)
