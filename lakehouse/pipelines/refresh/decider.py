"""Decides what a refresh does with a table: which batch it finishes, which it takes, or that it rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.sources import NewInputs, Source
from lakehouse.pipelines.errors import (
    ChangedPartitionsError,
    ChangedSourceError,
    ForeignTableError,
    InvalidOptionsError,
    LostBatchError,
    LostInputsError,
    NewTableError,
)
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.decision import Decision, Finish, Rest, Take
from lakehouse.pipelines.refresh.fingerprint import fingerprint_of
from lakehouse.pipelines.refresh.staged_batches import StagedBatches
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.tables import TableState

__all__ = ["Decider"]

_REBUILT = "full refresh"


class Decider:
    """Decides about one table, from logs and listings: no data is read and nothing is written.

    ``has_news`` says whether a batch would read anything that the last one did not, or make another result of it;
    ``choose`` adds to a batch how it goes on from the last one.
    """

    def __init__(
        self,
        table: TableDefinition,
        context: RefreshContext,
        *,
        batches: BatchLog,
        condensed: CondensedHistories,
        staged: StagedBatches,
        has_news: Callable[[Batch, Batch], bool],
        choose: Callable[[Batch, Batch | None], Batch],
    ) -> None:
        self._table = table
        self._context = context
        self._batches = batches
        self._condensed = condensed
        self._staged = staged
        self._has_news = has_news
        self._choose = choose
        self._log = context.log(table.name)
        self._flow_id = context.flow_id(table.name)
        self._fingerprint = fingerprint_of(table.flow, [view.flow for view in table.views_beside()])
        self._seen: Batch | None = None

    def decide(self) -> Decision:
        """Say what a refresh does now, and why."""
        newest, state = self._look()
        if state is None and (rest := self._rest_without_table()) is not None:
            return rest
        last = self._last_taken(state)
        waits = newest is not None and self._batches.waits(newest, last=last)
        # A table that was to be rebuilt, and was not yet, is rebuilt under a changed definition too.
        rebuilds = state is not None and (
            self._is_asked_for or (waits and newest is not None and newest.rebuilds)
        )
        self._check_owner(newest, exists=state is not None and not rebuilds)
        self._check_partitions(rebuilds=rebuilds)
        if newest is not None and waits and not self._is_asked_for and self._can_be_finished(newest):
            return Finish(batch=newest)
        if rebuilds:
            self._check_nothing_is_lost(last)
        history = TakenBatches(self._batches, self._condensed, last=None if rebuilds else last)
        taken = history.newest
        beside = [each.table for each in self._table.tables_beside()]
        pinned = self._versions(beside)
        if missing := next((name for name in beside if name not in pinned), None):
            return Rest(reason=f"{missing}, which it reads too, is not there yet")
        found = self._table.flow.source.next_inputs(self._context, self._table.name, history)
        if found is None:
            return Rest(reason="there is nothing to rebuild it from") if rebuilds else Rest()
        offered = Batch(
            flow=self._flow_id,
            number=1 + max(-1 if last is None else last, -1 if newest is None else newest.number),
            planned_at=self._context.clock().isoformat(),
            starts_over=not history or found.rebuilds,
            rebuilds=rebuilds or found.rebuilds,
            follows=last,
            fingerprint=self._fingerprint,
            source=_kind_of(self._table.flow.source),
            inputs={},
            pinned=pinned,
            how=f"whole: {_REBUILT if rebuilds else found.reason}" if rebuilds or found.rebuilds else "",
        )
        return self._decision_about(found, offered, taken)

    @property
    def is_redefined(self) -> bool:
        """Whether the flow is not the one that the newest batch was decided with."""
        newest = self.newest
        return newest is not None and newest.fingerprint != self._fingerprint

    @property
    def newest(self) -> Batch | None:
        """The newest batch, as the last decision found it; None when there is none."""
        return self._seen if self._seen is not None else self._look()[0]

    @property
    def _is_asked_for(self) -> bool:
        return self._table.name in self._context.rebuilt.tables

    def _rest_without_table(self) -> Rest | None:
        """Return why a table that is not there is left alone. Raises NewTableError where it must be there."""
        answer = self._table.contract.tables
        if answer == "freeze":
            raise NewTableError(table=self._table.name, path=self._log.path, location=self._table.location)
        makes_none = answer == "discard_row"
        return Rest(reason="it is not there, and its contract makes no new table") if makes_none else None

    def _check_nothing_is_lost(self, last: int | None) -> None:
        """Raise LostInputsError where the table could not be rebuilt with all that it was made of."""
        if self._context.rebuilt.accepts_loss:
            return
        history = TakenBatches(self._batches, self._condensed, last=last)
        try:
            lost = self._table.flow.source.lost(self._context, self._table.name, history)
        except LostBatchError:
            return  # nobody can say what it took: to rebuild it is the way out
        if lost:
            raise LostInputsError(table=self._table.name, lost=lost)

    def _look(self) -> tuple[Batch | None, TableState | None]:
        """Return the newest batch and the table's state, the state read after the batch."""
        state = self._log.state()
        last = self._last_taken(state)
        self._seen = self._batches.newest(last=last)
        if self._seen is not None and self._seen.number != last:
            state = self._log.state()  # another run may have published it by now
        return self._seen, state

    def _last_taken(self, state: TableState | None) -> int | None:
        return state.last_taken(self._flow_id) if state is not None else None

    def _check_owner(self, newest: Batch | None, *, exists: bool) -> None:
        if newest is None:
            return
        kind = _kind_of(self._table.flow.source)
        if newest.flow != self._flow_id:
            raise ForeignTableError(table=self._table.name, owner=newest.flow, path=self._log.path)
        if exists and newest.source not in ("", kind):
            raise ChangedSourceError(
                table=self._table.name, before=newest.source, now=kind, location=self._table.location
            )

    def _check_partitions(self, *, rebuilds: bool) -> None:
        """Raise ChangedPartitionsError for other partitions than the table's, InvalidOptionsError for a clustering."""
        options = self._table.options
        declared = tuple(options.partition_by)
        clusters = bool(options.cluster_by)
        snapshot = self._log.snapshot() if clusters or (declared and not rebuilds) else None
        held = tuple(snapshot.partition_columns) if snapshot is not None else ()
        if held and clusters:
            fix = f"leave cluster_by out, or partition_by={list(held)} in its place; or name another table."
            raise InvalidOptionsError(
                table=self._table.name,
                wrong=f"cluster_by, and the table is partitioned by {', '.join(held)}",
                fix=fix,
                location=self._table.location,
            )
        if snapshot is not None and declared and held != declared:
            raise ChangedPartitionsError(
                table=self._table.name, held=held, declared=declared, location=self._table.location
            )

    def _can_be_finished(self, batch: Batch) -> bool:
        """Say whether a batch that an earlier run decided is still the one to take.

        What was judged is finished as it was judged, unless its rows are written otherwise now. What was not is
        begun again only under the definition that it was decided with. Else the inputs are decided afresh, with a
        new batch.
        """
        staged = self._staged.find(batch.number)
        if staged is not None:
            return staged.is_written_as(self._table) and staged.exists()
        stands = self._table.flow.source.stands(self._context, batch.inputs)
        return batch.fingerprint == self._fingerprint and stands

    def _versions(self, tables: Sequence[str]) -> dict[str, int]:
        """Return at which version each table stands; one that is not there has no entry."""
        states = {name: self._context.state(name) for name in sorted(set(tables))}
        return {name: state.version for name, state in states.items() if state is not None}

    def _decision_about(self, found: NewInputs, offered: Batch, last: Batch | None) -> Decision:
        """Take the offered batch with the inputs that were found, unless these are no news."""

        def settle() -> Batch | None:
            if offered.rebuilds:
                self._table.flow.source.start_over(self._context, self._table.name)
            inputs = found.settle()
            if inputs is None:
                return None
            batch = msgspec.structs.replace(offered, inputs=dict(inputs))
            return self._choose(batch, last) if last is None or self._has_news(batch, last) else None

        if found.known is None:
            reason = f"{_why_whole(found)}{found.reason}" if offered.rebuilds else found.reason
            return Take(
                reason=reason,
                settle=settle,
                outside_bytes=found.outside_bytes,
                backlog=found.backlog,
                left=found.left,
            )
        batch = settle()
        if batch is None:
            return Rest()
        reason = f"{_why_whole(found)}{found.reason}" if batch.rebuilds else _reason(found, batch, last)
        if not batch.rebuilds and batch.how not in ("", f"whole: {reason}"):
            reason = f"{reason}; {batch.how}" if batch.added is None else batch.how
        return Take(
            reason=reason,
            settle=lambda: batch,
            outside_bytes=found.outside_bytes,
            backlog=found.backlog,
            left=found.left,
        )


def _why_whole(found: NewInputs) -> str:
    return "whole: " if found.rebuilds else f"{_REBUILT}: "


def _reason(found: NewInputs, batch: Batch, last: Batch | None) -> str:
    if last is None or batch.inputs != last.inputs:
        return found.reason
    moved = [name for name, version in batch.pinned.items() if last.pinned.get(name) != version]
    return f"{moved[0]} is at version {batch.pinned[moved[0]]}" if moved else "its definition changed"


def _kind_of(source: Source) -> str:
    """Return the name of a source's class: inputs of one kind mean nothing to another."""
    return type(source).__qualname__
