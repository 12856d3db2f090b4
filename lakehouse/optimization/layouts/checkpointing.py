"""A checkpoint of the log, so that opening the table reads few commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lakehouse.delta_log import Snapshot, replayed_commits, write_checkpoint
from lakehouse.optimization.layouts.loads import NO_LOAD, Load
from lakehouse.optimization.layouts.strategy import Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Checkpointing"]

_LEAST_COMMITS = 10
"""Fewer are read as fast as a checkpoint (Delta, ``delta.checkpointInterval``)."""


@word("checkpoint")
@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointing(Strategy[Proposal]):
    """Writes a checkpoint where ten commits or more follow the last one."""

    stage: ClassVar[Stage] = Stage.LOG

    def propose(self, facts: TableFacts) -> Proposal | None:
        replayed = _replayed(facts)
        if replayed.files < _LEAST_COMMITS:
            return None
        reason = (
            f"{replayed.files:,.0f} commits of {size_text(replayed.size_bytes)} follow the last checkpoint"
        )
        return Proposal(reason=reason, before=replayed, after=NO_LOAD)

    def act(self, table: MaintainedTable, proposal: Proposal) -> int | None:
        write_checkpoint(table.storage, Snapshot.load(table.path, storage=table.storage))
        return None

    def measure(self, facts: TableFacts, proposal: Proposal) -> Load:
        return _replayed(facts)


def _replayed(facts: TableFacts) -> Load:
    """Return the commits that opening the table reads one by one."""
    commits = replayed_commits(facts.storage, facts.snapshot.version)
    return Load(files=len(commits), size_bytes=sum(commit.size_bytes for commit in commits))
