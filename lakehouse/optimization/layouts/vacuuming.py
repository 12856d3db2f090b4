"""Files that no version within the retention needs, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from lakehouse.delta_log import Vacuumed, vacuum
from lakehouse.optimization.layouts.loads import NO_LOAD, Load
from lakehouse.optimization.layouts.readers_needs import NO_NEEDS, ReadersNeeds
from lakehouse.optimization.layouts.strategy import Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.layouts.workload import Workload
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Vacuuming"]


@word("vacuum")
@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuuming(Strategy[Proposal]):
    """Deletes files that are in no version of the table's retention, nor in one that a reader still needs.

    Readers are the tables of the same warehouse, with what they wrote down; ``keep_from_version`` names others.
    """

    stage: ClassVar[Stage] = Stage.STORAGE

    keep_from_version: int | None = None
    """The oldest version that must stay readable, whatever its age; the log must still have it."""
    ignores_readers: bool = False
    """Whether what tables of the same warehouse still need is no reason to keep a file."""

    @classmethod
    def made_for(cls, workload: Workload) -> Self:
        return cls(keep_from_version=workload.keep_from_version, ignores_readers=workload.ignores_readers)

    def propose(self, facts: TableFacts) -> Proposal | None:
        needs = self._needs(facts)
        found = self._vacuum(facts, needs, dry_run=True)
        if not found.keys:
            return None
        kept = f"{found.kept_hours:,.0f} hours" + (f"; {needs.words}" if needs.words else "")
        return Proposal(
            reason=f"{len(found.keys):,} files of {size_text(found.size_bytes)} are in no version of the last {kept}",
            before=_held(found),
            after=NO_LOAD,
        )

    def act(self, table: MaintainedTable, proposal: Proposal) -> int | None:
        facts = table.facts()
        self._vacuum(facts, self._needs(facts), dry_run=False)
        return None

    def measure(self, facts: TableFacts, proposal: Proposal) -> Load:
        return _held(self._vacuum(facts, self._needs(facts), dry_run=True))

    def _needs(self, facts: TableFacts) -> ReadersNeeds:
        return NO_NEEDS if self.ignores_readers else facts.needs

    def _vacuum(self, facts: TableFacts, needs: ReadersNeeds, *, dry_run: bool) -> Vacuumed:
        firsts = [each for each in (self.keep_from_version, needs.keep_from_version) if each is not None]
        return vacuum(
            facts.storage,
            keep_from_version=min(firsts, default=None),
            clones=needs.clones,
            dry_run=dry_run,
        )


def _held(found: Vacuumed) -> Load:
    return Load(files=len(found.keys), size_bytes=found.size_bytes)
