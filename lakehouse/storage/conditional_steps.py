"""Writes on a condition, and how it is found out who won where the store's answer does not tell."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Protocol

from lakehouse.errors import StorageError
from lakehouse.storage.errors import OutcomeUnknownError, ThrottledError, UnreachableError
from lakehouse.storage.object_client import Found
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, NotThere, ObjectStat, Replaced
from lakehouse.storage.steps import PatientSteps, Steps, sleep

__all__ = ["ConditionalSteps", "written"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One conditional put, the same at each try."""

    key: str
    body: bytes
    etag: str
    """Of the object to be replaced; empty to create one."""
    write_id: str
    """Goes with the body as metadata, and tells it from another writer's, even one of the same bytes."""

    @property
    def action(self) -> str:
        return "replace" if self.etag else "create"


class _Lost(Protocol):
    """Says whether the existing object means that the put was lost; False: try again."""

    def __call__(self, found: Found | None, *, unsure: bool) -> bool: ...


class ConditionalSteps(PatientSteps):
    """``put_if_absent`` and ``replace``, with at most one winner whatever happens to requests and answers."""

    __slots__ = ()

    def put_if_absent(self, key: str, body: bytes, *, write_id: str) -> Steps[Created | AlreadyThere]:
        def lost(found: Found | None, *, unsure: bool) -> bool:
            return found is not None

        made = yield from self._put(_Attempt(key=key, body=body, etag="", write_id=write_id), lost)
        return Created(stat=made) if made is not None else AlreadyThere(key=key)

    def replace(self, key: str, body: bytes, *, etag: str, write_id: str) -> Steps[Replaced | Changed]:
        attempt = _Attempt(key=key, body=body, etag=etag, write_id=write_id)

        def lost(found: Found | None, *, unsure: bool) -> bool:
            if found is not None and found.stat.etag == etag:
                return False
            if unsure:
                # It may have been ours for a moment, before somebody built on it.
                raise self._unknown(attempt)
            return True

        made = yield from self._put(attempt, lost)
        return Replaced(stat=made) if made is not None else Changed(key=key)

    def settle(self, key: str, write_id: str) -> Steps[Created | AlreadyThere | NotThere]:
        found = yield from self.look(key)
        if found is None:
            return NotThere(key=key)
        return Created(stat=found.stat) if found.write_id == write_id else AlreadyThere(key=key)

    def _put(self, attempt: _Attempt, lost: _Lost) -> Steps[ObjectStat | None]:
        """Put until it is known who won: our object's stat, or None.

        Whatever is not a plain yes may hide a yes: the answer was lost, or something on the way sent the
        request twice and passed on the second answer. Then the mark of the existing object decides.
        """
        deadline = self.clock() + self.policy.within_seconds
        unsure = False
        for number in itertools.count():
            made, trouble = yield from self._try(attempt)
            if made is not None:
                return made
            unsure = unsure or isinstance(trouble, UnreachableError)
            try:
                found = yield from self.look(attempt.key, deadline=deadline)
            except StorageError as error:
                if trouble is None or unsure:
                    raise self._unknown(attempt) from error
                raise trouble from None
            if found is not None and found.write_id == attempt.write_id:
                return found.stat
            if lost(found, unsure=unsure):
                return None
            pause = self.policy.pause_seconds(number)
            if self.clock() + pause > deadline:
                raise self._unknown(attempt) if unsure else trouble or self._conflict(attempt)
            yield sleep(pause)
        raise AssertionError  # the loop has no other end

    def _try(self, attempt: _Attempt) -> Steps[tuple[ObjectStat | None, StorageError | None]]:
        """Send it once: what was made, or what kept us from knowing; neither means that the store said no."""
        try:
            etag = yield lambda client: client.put_if(
                attempt.key, attempt.body, etag=attempt.etag, write_id=attempt.write_id
            )
        except (ThrottledError, UnreachableError) as error:
            return None, error
        return (written(attempt.key, len(attempt.body), etag) if etag is not None else None), None

    def _unknown(self, attempt: _Attempt) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            store=self.store, key=attempt.key, action=attempt.action, write_id=attempt.write_id
        )

    def _conflict(self, attempt: _Attempt) -> ThrottledError:
        detail = "conflicts with other writers that leave nothing there"
        return ThrottledError(store=self.store, key=attempt.key, action=attempt.action, detail=detail)


def written(key: str, size_bytes: int, etag: str) -> ObjectStat:
    """Return the stat of what was just written: stores answer with its ETag only."""
    return ObjectStat(key=key, size_bytes=size_bytes, modified_ms=time.time_ns() // 1_000_000, etag=etag)
