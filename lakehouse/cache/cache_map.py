"""A bounded, thread-safe map that loads what it lacks once, and forgets by an injected policy."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Generic, TypeVar, cast

from lakehouse.cache import fork
from lakehouse.cache.entry import CacheEntry, Removal, RemovalCause
from lakehouse.cache.entry_store import EntryStore
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.single_flight import Flight, SingleFlight
from lakehouse.cache.sizes import size_of
from lakehouse.cache.statistics import CacheStatistics

__all__ = ["CacheMap"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_log = logging.getLogger(__name__)
_ABSENT: Any = object()


class CacheMap(Generic[K, V]):
    """Holds at most ``max_entries`` values and at most ``max_bytes`` by ``sizeof``; ``policy`` says who goes.

    Every method may be called from any thread; each takes effect at one instant between its call and return.
    One plain lock, held for a few dict operations, never while a loader, ``sizeof`` or the listener runs.
    Pickled, it is an empty cache with the same bounds; forked, the child has its own copy.
    """

    def __init__(
        self,
        *,
        max_entries: int | None = None,
        max_bytes: int | None = None,
        sizeof: Callable[[V], int] = size_of,
        ttl_seconds: float | None = None,
        listener: Callable[[Removal[K, V]], None] | None = None,
        policy: Callable[[], EvictionPolicy[K]] = LRUPolicy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = {
            "max_entries": max_entries,
            "max_bytes": max_bytes,
            "sizeof": sizeof,
            "ttl_seconds": ttl_seconds,
            "listener": listener,
            "policy": policy,
            "clock": clock,
        }
        self._store: EntryStore[K, V] = EntryStore(
            policy=policy(),
            max_entries=max_entries,
            max_bytes=max_bytes,
            ttl_seconds=ttl_seconds,
            clock=clock,
            on_removal=None if listener is None else self._remember_to_tell,
        )
        self._sizeof = None if max_bytes is None else sizeof
        self._listener = listener
        self._clock = clock
        self._flights: SingleFlight[K, V] = SingleFlight()
        self._hits = self._misses = self._loads = self._load_failures = self._refused = 0
        self._load_seconds = 0.0
        self._changing = False
        self._deferred: deque[Callable[[], object]] = deque()
        self._to_tell: deque[Removal[K, V]] = deque()
        # Re-entrant, because a key's __eq__ or a finalizer may call us while this thread holds it.
        self._lock = threading.RLock()
        self._bind_fast_path()
        fork.register(self)

    def _bind_fast_path(self) -> None:
        """Look up once what each hit needs: half of a hit's time would go into attribute look-ups."""
        self._acquire = self._lock.acquire
        self._release = self._lock.release
        self._hold = self._store.hold
        self._under_way = self._flights.flight_by_key
        self._find = self._store.entry_by_key.get
        self._touch = self._store.policy.touch

    def get(self, key: K, default: D | None = None) -> V | D | None:
        """Return the value and count a hit, or return ``default`` and count a miss."""
        self._acquire()
        try:
            entry = self._find(key)
            if entry is None:
                self._misses += 1
                return default
            now = self._clock()
            if entry.expires_at is None or now < entry.expires_at:
                self._touch(entry)
                entry.last_access_timestamp = now
                self._hits += 1
                return entry.value
            self._misses += 1
        finally:
            self._release()
        self._change(self._store.expire, entry)
        return default

    def put(self, key: K, value: V, *, ttl_seconds: float | None = None) -> None:
        """Hold ``value`` under ``key``, for ``ttl_seconds`` if given. Raises ValueTooLargeError."""
        size = 1
        if self._sizeof is not None:
            size = self._sizeof(value)
            self._store.check_size(key, size)
        self._acquire()
        try:
            if self._changing or self._under_way:
                self._change(self._put, key, value, size, ttl_seconds)
            else:  # the same without two calls, which take a third of the time
                self._changing = True
                try:
                    self._hold(key, value, size, ttl_seconds)
                finally:
                    self._changing = False
                if self._deferred:
                    self._change_as_deferred()
        finally:
            self._release()
        if self._to_tell:
            self._tell()

    def get_or_load(
        self,
        key: K,
        loader: Callable[[K], V],
        *,
        ttl_seconds: float | None = None,
        on_recursion: Callable[[], V] | None = None,
    ) -> V:
        """Return the value; if there is none, call ``loader(key)`` once for all threads that wait for it.

        What the loader raises is raised in each of them, and not remembered. A value that is too large for
        the cache is returned and not kept; so is one whose key was put, removed or cleared meanwhile.
        If the loader needs its own key, that inner call gets ``on_recursion()``, or a RecursiveLoadError.
        """
        value = self.get(key, _ABSENT)
        if value is not _ABSENT:
            return cast("V", value)
        return self._flights.run(key, partial(self._load, key, loader, ttl_seconds), on_recursion)

    def remove(self, key: K) -> bool:
        """Drop the entry, and the result of a load under way; return whether there was an entry."""
        return self._change(self._remove, key) is True

    def clear(self) -> None:
        """Drop all entries, and the results of loads under way. Statistics go on."""
        self._change(self._clear)

    def remove_expired(self) -> None:
        """Drop the entries whose time is over; without this, each goes when it is asked for or evicted."""
        self._change(self._store.remove_expired)

    def peek(self, key: K, default: D | None = None) -> V | D | None:
        """Return the value without counting or noting the access."""
        with self._lock:
            entry = self._find(key)
            return entry.value if entry is not None and self._store.is_fresh(entry) else default

    def __contains__(self, key: K) -> bool:
        return self.peek(key, _ABSENT) is not _ABSENT

    def __len__(self) -> int:
        """Return how many entries are held, expired ones not yet dropped included."""
        return len(self._store.entry_by_key)

    def snapshot(self) -> list[CacheEntry[K, V]]:
        """Return copies of all fresh entries, as of one instant; notes no access."""
        with self._lock:
            return self._store.copies()

    def statistics(self) -> CacheStatistics:
        """Return all counts, as of one instant."""
        with self._lock:
            return CacheStatistics(
                hits=self._hits,
                misses=self._misses,
                loads=self._loads,
                load_failures=self._load_failures,
                load_seconds=self._load_seconds,
                refused=self._refused,
                removals=self._store.removals,
                entries=len(self._store.entry_by_key),
                size_bytes=0 if self._sizeof is None else self._store.size,
            )

    def __repr__(self) -> str:
        bounds = ", ".join(f"{k}={v!r}" for k, v in self._settings.items() if k.startswith("max_") and v)
        return f"<{type(self).__name__} {bounds}: {len(self)} entries>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _empty_like, (type(self), self._settings)

    def before_fork(self) -> None:
        """Hold the lock over a fork, so that the child's copy is whole."""
        self._acquire()

    def after_fork(self, *, in_child: bool) -> None:
        """Give the lock back; the loads of other threads did not come into the child."""
        if in_child:
            self._flights.disown_all()
        self._release()

    def _change(self, operation: Callable[..., object], *arguments: object) -> object:
        """Run one change under the lock, then tell the listener.

        One that is asked for from inside another (by a key's __eq__, or a finalizer) runs right after it.
        """
        self._acquire()
        try:
            if self._changing:
                self._deferred.append(partial(operation, *arguments))
                return None
            self._changing = True
            try:
                result = operation(*arguments)
            finally:
                self._changing = False
            if self._deferred:
                self._change_as_deferred()
        finally:
            self._release()
        if self._to_tell:
            self._tell()
        return result

    def _change_as_deferred(self) -> None:
        while self._deferred:
            operation = self._deferred.popleft()
            self._changing = True
            try:
                operation()
            finally:
                self._changing = False

    def _put(self, key: K, value: V, size: int, ttl_seconds: float | None) -> None:
        if self._under_way:
            self._flights.disown(key)
        self._store.hold(key, value, size, ttl_seconds)

    def _remove(self, key: K) -> bool:
        if self._under_way:
            self._flights.disown(key)
        return self._store.remove(key)

    def _clear(self) -> None:
        self._flights.disown_all()
        self._store.clear()

    def _load(self, key: K, loader: Callable[[K], V], ttl_seconds: float | None, flight: Flight) -> V:
        # Between our miss and our turn, an earlier flight may have brought the value.
        value = self.peek(key, _ABSENT)
        if value is not _ABSENT:
            return cast("V", value)
        value = self._timed_load(key, loader)
        size = self._size(value)
        if not self._store.could_hold(size):
            with self._lock:
                self._refused += 1
        else:
            self._change(self._hold_if_wanted, flight, key, value, size, ttl_seconds)
        return value

    def _hold_if_wanted(self, flight: Flight, key: K, value: V, size: int, ttl_seconds: float | None) -> None:
        if flight.is_wanted:
            self._store.hold(key, value, size, ttl_seconds)

    def _timed_load(self, key: K, loader: Callable[[K], V]) -> V:
        started = time.perf_counter()
        loaded = False
        try:
            value = loader(key)
            loaded = True
            return value
        finally:
            with self._lock:
                self._load_seconds += time.perf_counter() - started
                self._loads += loaded
                self._load_failures += not loaded

    def _size(self, value: V) -> int:
        return 1 if self._sizeof is None else self._sizeof(value)

    def _remember_to_tell(self, entry: CacheEntry[K, V], cause: RemovalCause) -> None:
        self._to_tell.append(Removal(key=entry.key, value=entry.value, cause=cause))

    def _tell(self) -> None:
        while self._to_tell:
            try:
                removal = self._to_tell.popleft()
            except IndexError:  # another thread told the last one
                return
            try:
                cast("Callable[[Removal[K, V]], None]", self._listener)(removal)
            except Exception:  # noqa: BLE001  # a listener's fault must not become the caller's
                _log.exception("The removal listener of %r failed for key %r.", self, removal.key)


def _empty_like(kind: type[CacheMap[K, V]], settings: dict[str, Any]) -> CacheMap[K, V]:
    return kind(**settings)
