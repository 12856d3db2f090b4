"""Lets strategies propose, has done what pays, proves it, and undoes what didn't help."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from lakehouse.delta_log import DeltaConcurrentModificationException, FileNotLiveError, TransactionManager
from lakehouse.optimization.layouts.arrow_rewriter import ArrowRewriter
from lakehouse.optimization.layouts.budget import Budget
from lakehouse.optimization.layouts.loads import Load, WorthRule
from lakehouse.optimization.layouts.probing import Probe, ProbeTimes, ReadingProbe
from lakehouse.optimization.layouts.rewriter import Rewriter
from lakehouse.optimization.layouts.strategy import AnyStrategy, Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts
from lakehouse.optimization.layouts.workload import Workload

__all__ = ["Outcome", "QueryOptimizer", "Status"]

_ATTEMPTS = 5
_LOST_RACES = (DeltaConcurrentModificationException, FileNotLiveError)


class Status(Enum):
    """What became of a proposal."""

    PROPOSED = "would be done"
    NOT_WORTH_IT = "not worth it"
    OVER_BUDGET = "put off: it takes more than it may"
    DONE = "done"
    UNDONE = "undone: it got worse"
    UNDONE_BEFORE = "left: it was undone before, on a table about as large"
    WORSE = "worse, and left: other writers have changed the new files since"
    GAVE_UP = "given up: other writers always came first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one strategy proposed, and what came of it."""

    strategy: str
    status: Status
    reason: str
    predicted_before: Load
    predicted_after: Load
    rewritten_bytes: int
    measured_before: Load | None = None
    """None where nothing was done."""
    measured_after: Load | None = None
    probe: ProbeTimes | None = None
    """What queries took before and after; None where nothing was rewritten, or they would read too much."""
    seconds: float = 0
    """What it took to act."""
    version: int | None = None
    """The version that it made; None where it made no version."""


class QueryOptimizer:
    """Keeps a table's files as its readers need them. It changes files, never a row, and runs without Spark.

    >>> optimizer = QueryOptimizer.made_for(Workload(cluster_by=("country",)))
    >>> optimizer.plan("/lake/sales")      # says in numbers what would be done
    >>> optimizer.maintain("/lake/sales")  # does what pays

    ``strategies`` act one after the other, each on what the one before it left.
    """

    def __init__(
        self,
        strategies: Sequence[AnyStrategy],
        *,
        rule: WorthRule | None = None,
        manager: TransactionManager | None = None,
        rewriter: Rewriter | None = None,
        probe: Probe | None = None,
    ) -> None:
        """``manager`` commits; by default one for tables that Delta on Spark may write too.

        ``rewriter`` writes files again, and ``probe`` runs queries before and after; by default this process does.
        """
        self._probe = ReadingProbe() if probe is None else probe
        self._rewriter = ArrowRewriter() if rewriter is None else rewriter
        self._strategies = tuple(strategies)
        self._manager = TransactionManager() if manager is None else manager
        self._rule = WorthRule() if rule is None else rule

    @classmethod
    def made_for(
        cls,
        workload: Workload,
        *,
        names: Sequence[str] = (),
        rule: WorthRule | None = None,
        rewriter: Rewriter | None = None,
    ) -> QueryOptimizer:
        """Return one with all registered strategies, or those of these names. Raises UnknownWordError."""
        classes = [Strategy.words[name] for name in names or Strategy.words]
        strategies = [each.made_for(workload) for each in sorted(classes, key=_stage)]
        rule = WorthRule(reads=workload.reads) if rule is None else rule
        return cls(strategies, rule=rule, rewriter=rewriter)

    def plan(self, path: str) -> Sequence[Outcome]:
        """Return what ``maintain`` would do with the table as it is. Reads the log alone. Raises TableNotFoundError."""
        facts = self._table(path).facts()
        found = ((each, each.propose(facts)) for each in self._strategies)
        return tuple(
            self._foreseen(strategy, proposal, facts) for strategy, proposal in found if proposal is not None
        )

    def maintain(self, path: str, *, budget: Budget | None = None) -> Sequence[Outcome]:
        """Do what pays and what the budget allows, a version a strategy.

        Raises TableNotFoundError, RowsNotKeptError, UnsupportedFeatureError.
        """
        table = self._table(path)
        return tuple(self._maintained(table, Budget() if budget is None else budget))

    def _table(self, path: str) -> MaintainedTable:
        return MaintainedTable(path, manager=self._manager, rewriter=self._rewriter)

    def _maintained(self, table: MaintainedTable, budget: Budget) -> Iterator[Outcome]:
        for strategy in self._strategies:
            outcome = self._tried(strategy, table, budget)
            if outcome is not None:
                yield outcome

    def _tried(self, strategy: AnyStrategy, table: MaintainedTable, budget: Budget) -> Outcome | None:
        foreseen = None
        for _ in range(_ATTEMPTS):
            facts = table.facts()
            proposal = strategy.propose(facts)
            if proposal is None:
                return None
            foreseen = self._foreseen(strategy, proposal, facts)
            if foreseen.status is not Status.PROPOSED:
                return foreseen
            if not budget.allows(proposal.rewritten_bytes):
                return replace(foreseen, status=Status.OVER_BUDGET)
            try:
                done = self._acted(strategy, proposal, foreseen, table)
            except _LOST_RACES:
                continue  # the table is another by now: what it needs is asked again
            budget.spend(proposal.rewritten_bytes)
            return done
        return None if foreseen is None else replace(foreseen, status=Status.GAVE_UP)

    def _foreseen(self, strategy: AnyStrategy, proposal: Proposal, facts: TableFacts) -> Outcome:
        gain = self._rule.gain(proposal.before, proposal.after, rewritten_bytes=proposal.rewritten_bytes)
        status = Status.PROPOSED if gain > 0 else Status.NOT_WORTH_IT
        if status is Status.PROPOSED and facts.was_undone(_work(strategy, proposal)):
            status = Status.UNDONE_BEFORE
        return Outcome(
            strategy=strategy.name,
            status=status,
            reason=proposal.reason,
            predicted_before=proposal.before,
            predicted_after=proposal.after,
            rewritten_bytes=proposal.rewritten_bytes,
        )

    def _acted(
        self, strategy: AnyStrategy, proposal: Proposal, foreseen: Outcome, table: MaintainedTable
    ) -> Outcome:
        before = strategy.measure(table.facts(), proposal)
        started = time.perf_counter()
        version = strategy.act(table, proposal)
        done = replace(foreseen, status=Status.DONE, seconds=time.perf_counter() - started, version=version)
        if version is None:
            after = strategy.measure(table.facts(), proposal)
            return replace(done, measured_before=before, measured_after=after)
        # What other writers did before and after is none of the strategy's.
        old, new = table.facts_at(version - 1), table.facts_at(version)
        before, after = strategy.measure(old, proposal), strategy.measure(new, proposal)
        probe = self._probe.times(old, new, strategy.queries(proposal))
        if after.weight > before.weight or (probe is not None and probe.are_worse):
            done = replace(done, status=_undone(table, version, work=_work(strategy, proposal)))
        return replace(done, measured_before=before, measured_after=after, probe=probe)


def _work(strategy: AnyStrategy, proposal: Proposal) -> str:
    """Return what the log calls this work once it was undone."""
    return f"{strategy.name}/{proposal.about}" if proposal.about else strategy.name


def _stage(strategy: type[AnyStrategy]) -> Stage:
    return strategy.stage


def _undone(table: MaintainedTable, version: int, *, work: str) -> Status:
    try:
        table.take_back(version, work=work)
    except _LOST_RACES:
        return Status.WORSE
    return Status.UNDONE
