"""One run of a pipeline at a time: a lock in the warehouse, which the second run is told the holder of.

A stream has the lock for a micro-batch, and takes turns with runs beside it: each waits for the other's end.
The lock saves work, and no row depends on it: two runs at once would do the same work once too.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import msgspec

from lakehouse.errors import StorageError
from lakehouse.pipelines.errors import RunHeldError
from lakehouse.pipelines.run.holder import Holder
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.storage import AbstractStorageService, Created, NotFoundError, OutcomeUnknownError, Replaced

__all__ = ["LONGEST_LOOK_SECONDS", "RunLock", "run_lock", "stream_lock"]

_log = logging.getLogger(__name__)

_BEAT_SECONDS = 20.0
_LEASE_MS = 120_000
"""A holder on another machine that has given no sign of life for so long is dead."""
_FIRST_LOOK_SECONDS = 0.1
LONGEST_LOOK_SECONDS = 1.0
"""How long it takes at most until whoever waits sees that a turn has come."""
_CLOSE_LOOK_SECONDS = 10.0
"""How often it is looked whether a holder lives that gives no sign of life."""


class RunLock:
    """The lock of one pipeline in one warehouse, an object that is only ever written on a condition.

    ``key`` is that object's, by default that of the pipeline's runs.
    """

    def __init__(
        self,
        storage: AbstractStorageService,
        *,
        pipeline: str,
        key: str = "",
        beat_seconds: float = _BEAT_SECONDS,
    ) -> None:
        self._storage = storage
        self._pipeline = pipeline
        self._key = key or f"{SYSTEM_LAYER}/runs/{pipeline}.lock"
        self._beat_seconds = beat_seconds

    def held(self) -> contextlib.AbstractContextManager[bool]:
        """Hold the lock, and give signs of life meanwhile; a stream's turn is waited for.

        Says whether it was waited for. Raises RunHeldError where another run holds it.
        """
        return self._held(Holder.this_process(), is_in_time=lambda: True)

    def in_turn(self, *, gives_up: Callable[[], bool]) -> contextlib.AbstractContextManager[bool]:
        """Hold the lock for a while, as soon as whoever holds it has ended; say whether it was waited for.

        Raises RunHeldError where ``gives_up`` says so before the turn has come.
        """
        holder = msgspec.structs.replace(Holder.this_process(), takes_turns=True)
        return self._held(holder, is_in_time=lambda: not gives_up())

    def holder(self) -> Holder | None:
        """Return who holds the lock, alive or not; None where nobody does."""
        try:
            found = Holder.of(self._storage.read(self._key))
        except NotFoundError:
            return None
        return found if found.run else None

    def is_gone(self, holder: Holder) -> bool:
        """Say whether the holder has ended without a word."""
        is_dead = holder.is_dead()
        return is_dead if is_dead is not None else self._silent_ms() > _LEASE_MS

    @contextlib.contextmanager
    def _held(self, holder: Holder, *, is_in_time: Callable[[], bool]) -> Iterator[bool]:
        etag, has_waited = self._taken(holder, is_in_time)
        beats = _Beats(self._storage, self._key, holder, etag, self._beat_seconds)
        beats.start()
        try:
            yield has_waited
        finally:
            self._give_back(beats.stop())

    def _taken(self, holder: Holder, is_in_time: Callable[[], bool]) -> tuple[str, bool]:
        """Take the lock; return its ETag, and whether it was waited for."""
        body, has_waited = msgspec.json.encode(holder), False
        while True:
            with contextlib.suppress(OutcomeUnknownError):  # then the next look tells
                if isinstance(made := self._storage.put_if_absent(self._key, body), Created):
                    return made.stat.etag, has_waited
            try:
                etag = self._storage.stat(self._key).etag
                other = Holder.of(self._storage.read(self._key))
            except NotFoundError:
                continue
            if other.run == holder.run:
                return etag, has_waited
            if other.run and not self.is_gone(other):
                if (holder.takes_turns or other.takes_turns) and is_in_time():
                    has_waited = True
                    self._wait_while(etag, is_in_time)
                    continue
                raise RunHeldError(pipeline=self._pipeline, host=other.host, pid=other.pid, since=other.since)
            if other.run:
                _log.warning(
                    "The run of process %d on %s ended without a word: its lock is taken over",
                    other.pid,
                    other.host,
                )
            with contextlib.suppress(OutcomeUnknownError):
                if isinstance(now := self._storage.replace(self._key, body, etag=etag), Replaced):
                    return now.stat.etag, has_waited

    def _wait_while(self, etag: str, is_in_time: Callable[[], bool]) -> None:
        """Wait until the lock is another than with this ETag, or its holder is to be looked at again.

        The pauses between looks grow, and a look is one question for the object's ETag.
        """
        pause, waited = _FIRST_LOOK_SECONDS, 0.0
        while waited < _CLOSE_LOOK_SECONDS and is_in_time():
            time.sleep(pause)
            waited += pause
            pause = min(2 * pause, LONGEST_LOOK_SECONDS)
            try:
                if self._storage.stat(self._key).etag != etag:
                    return
            except NotFoundError:
                return

    def _silent_ms(self) -> int:
        """Return how long ago the lock was written, by the store's own clock."""
        probe = f"{self._key}.{uuid.uuid4().hex}"
        self._storage.put_if_absent(probe, b"")
        try:
            now_ms = self._storage.stat(probe).modified_ms
            return now_ms - self._storage.stat(self._key).modified_ms
        except NotFoundError:
            return 0
        finally:
            self._storage.delete(probe)

    def _give_back(self, etag: str | None) -> None:
        if etag is None:
            return  # it is another run's by now
        try:
            self._storage.replace(self._key, msgspec.json.encode(Holder()), etag=etag)
        except StorageError as error:
            _log.warning("The lock %s can't be given back: %s", self._key, error)


class _Beats:
    """Signs of life, by a thread of its own."""

    def __init__(
        self, storage: AbstractStorageService, key: str, holder: Holder, etag: str, beat_seconds: float
    ) -> None:
        self._storage = storage
        self._key = key
        self._holder = holder
        self._etag: str | None = etag
        self._seconds = beat_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lakehouse run lock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> str | None:
        """End them and return the lock's ETag; None where the lock is not ours any more."""
        self._ended.set()
        self._thread.join()
        return self._etag

    def _beat(self) -> None:
        while self._etag is not None and not self._ended.wait(self._seconds):
            self._holder = msgspec.structs.replace(self._holder, beat=self._holder.beat + 1)
            try:
                made = self._storage.replace(self._key, msgspec.json.encode(self._holder), etag=self._etag)
                self._etag = made.stat.etag if isinstance(made, Replaced) else self._etag_if_ours()
            except (StorageError, OSError) as error:
                _log.warning("The lock %s can't be renewed: %s", self._key, error)

    def _etag_if_ours(self) -> str | None:
        """Return the ETag of a lock that is ours after all, as when the answer to our own write was lost."""
        try:
            etag = self._storage.stat(self._key).etag
            ours = Holder.of(self._storage.read(self._key)).run == self._holder.run
        except NotFoundError:
            ours = False
        if not ours:
            _log.warning("The lock %s was taken over by another run", self._key)
        return etag if ours else None


def run_lock(warehouse: Warehouse, pipeline: str) -> RunLock:
    """Return the lock of a pipeline's runs in a warehouse."""
    return RunLock(warehouse.storage, pipeline=pipeline)


def stream_lock(warehouse: Warehouse, pipeline: str) -> RunLock:
    """Return the lock that a pipeline's stream holds as long as it goes: there is one at a time."""
    key = f"{SYSTEM_LAYER}/streams/{pipeline}.lock"
    return RunLock(warehouse.storage, pipeline=pipeline, key=key)
