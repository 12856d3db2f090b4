"""The log of one table, as a writer sees it: commits in sequence, each whole or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakehouse.delta_log.actions import Action, ProtocolChange, decode_actions
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, CommitProtocol, Visible
from lakehouse.delta_log.errors import (
    CommitBudgetSpentError,
    CommitOutcomeUnknownError,
    CommitRefusedError,
    LogCleanedMeanwhileError,
    TableReplacedError,
)
from lakehouse.delta_log.log_segment import commit_key
from lakehouse.delta_log.replay import commit_mark, read_content
from lakehouse.delta_log.table_features import check_writable
from lakehouse.delta_log.transaction.backoff import Backoff, Waiting
from lakehouse.delta_log.transaction.conflicts import WinningCommit, find_conflict
from lakehouse.delta_log.transaction.draft import Draft
from lakehouse.delta_log.transaction.writer_state import WriterState
from lakehouse.errors import StorageError
from lakehouse.storage import AccessDeniedError

__all__ = ["Committed", "TransactionLog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A transaction became a version."""

    version: int
    transaction_id: str
    state: WriterState
    """The table's, right after it."""
    actions: Sequence[Action]
    """As they were written."""
    tries: int


class TransactionLog:
    """Writes ``Commit``s, one a version. Safe to share between threads; processes share only the storage.

    ``load`` gives the state at the newest version; it is called once, and then only new commits are read.
    """

    def __init__(
        self,
        *,
        table: str,
        protocol: CommitProtocol,
        load: Callable[[], WriterState],
        backoff: Backoff | None = None,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._table = table
        self._protocol = protocol
        self._load = load
        self._backoff = Backoff() if backoff is None else backoff
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._newest: WriterState | None = None

    def refresh(self) -> WriterState:
        """Return the state at the newest version, reading only what is new.

        A table that was dropped and created again at the same path is read from its beginning.
        """
        state = self._newest
        if state is None or not self._is_still_there(state):
            state = self._remember(self._settled(), replaces=True)
        while bodies := self._protocol.read_from(state.version + 1):
            for body in bodies:
                state = self._advanced(state, self._winner(state.version + 1, body), body)
        return self._remember(state)

    def commit(self, draft: Draft, state: WriterState) -> Committed:
        """Make ``draft`` the next version; ``state`` is the one it was made from.

        Raises a DeltaConcurrentModificationException if a commit that came in between contradicts it,
        LogCleanedMeanwhileError, TableReplacedError, CommitBudgetSpentError, or CommitOutcomeUnknownError:
        only the last leaves open whether it happened.
        """
        waiting = self._backoff.start()
        while True:
            self._check_base(state)
            for body in self._protocol.read_from(state.version + 1):
                winner = self._winner(state.version + 1, body)
                if winner.info.transaction_id == draft.transaction_id:
                    return self._committed(state, winner.actions, body, waiting)
                self._check(winner, draft, state)
                state = self._advanced(state, winner, body)
            commit = draft.commit_after(state, now_ms=self._now_ms())
            outcome = self._publish(state.version + 1, commit, waiting)
            if isinstance(outcome, Visible):
                return self._committed(state, commit.actions, commit.body, waiting)
            if not waiting.wait():
                raise CommitBudgetSpentError(
                    table=self._table,
                    version=state.version + 1,
                    tries=waiting.tries,
                    budget_seconds=self._backoff.budget_seconds,
                )

    def _check(self, winner: WinningCommit, draft: Draft, state: WriterState) -> None:
        for change in winner.of_type(ProtocolChange):
            check_writable(change, table=self._table)
        conflict = find_conflict(draft.attempt(state), winner)
        if conflict is not None:
            raise conflict

    def _publish(self, version: int, commit: Commit, waiting: Waiting) -> Visible | AlreadyTaken:
        while True:
            try:
                return self._protocol.publish(version, commit)
            except AccessDeniedError as error:
                raise CommitRefusedError(table=self._table, version=version, reason=str(error)) from error
            except (StorageError, OSError) as error:
                outcome = self._outcome_of(version, commit, waiting, error)
                if outcome is not None:
                    return outcome

    def _outcome_of(
        self, version: int, commit: Commit, waiting: Waiting, cause: Exception
    ) -> Visible | AlreadyTaken | None:
        # The answer was unclear: the version may hold our commit, another, or (so far) no commit. While it
        # is free, only the same bytes may be tried again, because the first try may still arrive.
        while waiting.wait():
            try:
                found = self._protocol.read_from(version, at_most=1)
            except (StorageError, OSError):
                continue
            if not found:
                return None
            ours = self._winner(version, found[0]).info.transaction_id == commit.transaction_id
            return Visible(version=version) if ours else AlreadyTaken(version=version)
        raise CommitOutcomeUnknownError(
            table=self._table, version=version, transaction_id=commit.transaction_id
        ) from cause

    def _settled(self) -> WriterState:
        # Readers don't wait until the newest commit can't be replaced any more; a writer builds on it.
        while True:
            state = self._load()
            bodies = self._protocol.read_from(state.version, at_most=1) if state.version >= 0 else ()
            seen = state.table.commit_info
            contents = [read_content(body, source=commit_key(state.version)) for body in bodies]
            if seen is None or all(content.commit_info == seen for content in contents):
                return state

    def _check_base(self, state: WriterState) -> None:
        """Raise unless the version that a commit would follow is still the table's."""
        if self._is_still_there(state):
            return
        if self._protocol.has(state.version):
            raise TableReplacedError(table=self._table, version=state.version)
        # Its commit is gone, and the next version may look free only because it was taken and cleaned up long
        # ago. Where a checkpoint is all that is left of the newest version, it can be built on.
        newest = self._load()
        if newest.version != state.version:
            raise LogCleanedMeanwhileError(table=self._table, version=state.version)
        if not _is_same_table(newest, state):
            raise TableReplacedError(table=self._table, version=state.version)

    def _is_still_there(self, state: WriterState) -> bool:
        """Return whether the commit that made this state is the one that is in the log."""
        if state.version < 0:
            return True
        bodies = self._protocol.read_from(state.version, at_most=1)
        return bool(bodies) and self._made(state, bodies[0])

    def _made(self, state: WriterState, body: bytes) -> bool:
        mark = state.table.commit_mark
        if mark is None:
            return _is_same_table(self._load(), state)
        return commit_mark(body, source=commit_key(state.version)) == mark

    def _winner(self, version: int, body: bytes) -> WinningCommit:
        return WinningCommit(version=version, actions=decode_actions(body, source=commit_key(version)))

    def _advanced(self, state: WriterState, winner: WinningCommit, body: bytes) -> WriterState:
        content = read_content(body, source=commit_key(winner.version))
        return state.advanced(content, in_commit_timestamp_ms=winner.info.in_commit_timestamp_ms)

    def _committed(
        self, state: WriterState, actions: Sequence[Action], body: bytes, waiting: Waiting
    ) -> Committed:
        own = WinningCommit(version=state.version + 1, actions=actions)
        state = state.advanced(
            read_content(body, source=commit_key(own.version)),
            in_commit_timestamp_ms=own.info.in_commit_timestamp_ms,
        )
        self._remember(state)
        return Committed(
            version=own.version,
            transaction_id=own.info.transaction_id or "",
            state=state,
            actions=actions,
            tries=waiting.tries,
        )

    def _remember(self, state: WriterState, *, replaces: bool = False) -> WriterState:
        with self._lock:
            if replaces or self._newest is None or state.version > self._newest.version:
                self._newest = state
            return state


def _is_same_table(one: WriterState, other: WriterState) -> bool:
    return (one.metadata and one.metadata.id) == (other.metadata and other.metadata.id)
