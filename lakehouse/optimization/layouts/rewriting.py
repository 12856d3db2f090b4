"""A strategy that replaces files by others that hold the same rows."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from lakehouse.optimization.layouts.rewriter import Rewrite
from lakehouse.optimization.layouts.strategy import Proposal, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts

__all__ = ["RewriteProposal", "RewritingStrategy"]


@dataclass(frozen=True, kw_only=True)
class RewriteProposal(Proposal):
    """Files to rewrite, in one commit."""

    rewrites: tuple[Rewrite, ...]


class RewritingStrategy(Strategy[RewriteProposal]):
    """A strategy that rewrites files: a subclass has ``rewrites`` and ``measure``."""

    def propose(self, facts: TableFacts) -> RewriteProposal | None:
        return self.rewrites(facts) if facts.why_not_rewritten is None else None

    @abstractmethod
    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        """Return what is to be rewritten, of a table where files may be; None where it needs nothing."""

    def act(self, table: MaintainedTable, proposal: RewriteProposal) -> int | None:
        """Rewrite in one commit that no reader sees as a change. Raises RowsNotKeptError, which commits nothing."""
        return table.rewrite(proposal.rewrites)
