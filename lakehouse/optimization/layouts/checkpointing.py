"""A checkpoint of the log, so that opening the table reads few commits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lakehouse.delta_log import Snapshot, write_checkpoint
from lakehouse.optimization.layouts.loads import NO_LOAD, Load
from lakehouse.optimization.layouts.strategy import Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Checkpointing"]

_LOG = "_delta_log/"
_COMMIT = re.compile(r"_delta_log/(\d{20})\.json$")
_CHECKPOINT = re.compile(r"_delta_log/(\d{20})\.checkpoint\..*(parquet|json)$")
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
    commits: dict[int, int] = {}
    last = -1
    for stat in facts.storage.list(_LOG):
        if commit := _COMMIT.match(stat.key):
            commits[int(commit[1])] = stat.size_bytes
        elif checkpoint := _CHECKPOINT.match(stat.key):
            last = max(last, int(checkpoint[1]))
    sizes = [size for version, size in commits.items() if last < version <= facts.snapshot.version]
    return Load(files=len(sizes), size_bytes=sum(sizes))
