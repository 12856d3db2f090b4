"""A bounded, thread-safe map that loads what it lacks once, and forgets by an injected policy."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import fields
from functools import partial
from typing import Any, Generic, TypeVar, Unpack, cast

from lakehouse.cache import fork
from lakehouse.cache.entry import CacheEntry, Removal, RemovalCause
from lakehouse.cache.entry_store import EntryStore
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.options import CacheKeywords, CacheOptions, check_duration
from lakehouse.cache.single_flight import Flight, SingleFlight
from lakehouse.cache.single_use import is_single_use, refuse_single_use
from lakehouse.cache.sizes import measured
from lakehouse.cache.statistics import CacheStatistics

__all__ = ["CacheMap"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_log = logging.getLogger(__name__)
_ABSENT: Any = object()
_LOAD_WHAT_LASTS = (
    "let the loader return a value that lasts: a list of what it yields, the result of what it awaits."
)


class CacheMap(Generic[K, V]):
    """Holds at most ``max_entries`` values and at most ``max_bytes`` by ``sizeof``; ``policy`` says who goes.

    Every method may be called from any thread; each takes effect at one instant between its call and return.
    One plain lock, held for a few dict operations, never while a loader, ``sizeof`` or the listener runs.
    Pickled, it is an empty cache with the same options; forked, the child has its own copy, an empty one where
    another thread was in the middle of a change for longer than a fork waits.
    """

    def __init__(
        self,
        max_entries: int | None = None,
        *,
        policy: Callable[[], EvictionPolicy[K]] = LRUPolicy,
        **options: Unpack[CacheKeywords[K, V]],
    ) -> None:
        """Take the options that ``CacheOptions`` lists. Raises CacheBoundError, InvalidDurationError."""
        self.options: CacheOptions[K, V] = CacheOptions(max_entries=max_entries, **options)
        self._make_policy = policy
        self._sizeof = None if self.options.max_bytes is None else self.options.sizeof
        self._clock = self.options.clock
        self._start_empty()
        fork.register(self)

    def _start_empty(self) -> None:
        # Re-entrant, because a key's __eq__ or a finalizer may call us while this thread holds it.
        self._lock = threading.RLock()
        self._store: EntryStore[K, V] = EntryStore(
            policy=self._make_policy(),
            options=self.options,
            on_removal=None if self.options.listener is None else self._remember_to_tell,
        )
        self._flights: SingleFlight[K, V] = SingleFlight(self._lock)
        self._hits = self._misses = self._loads = self._load_failures = self._refused = 0
        self._load_seconds = 0.0
        self._changing = False
        self._deferred: deque[Callable[[], object]] = deque()
        self._to_tell: deque[Removal[K, V]] = deque()
        self._bind_fast_path()

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
        """Hold ``value`` under ``key``, for ``ttl_seconds`` if given.

        Raises ValueTooLargeError, InvalidSizeError, InvalidDurationError.
        """
        if ttl_seconds is not None:
            check_duration("ttl_seconds", ttl_seconds)
        size = 1
        if self._sizeof is not None:
            size = measured(self._sizeof, key, value)
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
        """Return the value; on a miss, call ``loader(key)`` once for all threads that wait for it.

        What the loader raises is raised in each of them, and not remembered. A value that is too large for
        the cache is returned and not kept; so is one whose key was put, removed or cleared meanwhile.
        If the loader needs its own key, that inner call gets ``on_recursion()``, or a RecursiveLoadError.
        Raises LoadTimeoutError where another thread's load takes longer than ``load_timeout_seconds``, and
        SingleUseValueError for a loader that returns an iterator or a coroutine.
        """
        if ttl_seconds is not None:
            check_duration("ttl_seconds", ttl_seconds)
        value = self.get(key, _ABSENT)
        if value is not _ABSENT:
            return cast("V", value)
        return self._flights.run(
            key,
            partial(self._load, key, loader, ttl_seconds),
            on_recursion,
            timeout_seconds=self.options.load_timeout_seconds,
        )

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
        bounds = ", ".join(f"{name}={bound}" for name, bound in self._bounds() if bound)
        return f"<{type(self).__name__} {bounds}: {len(self)} entries>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _empty_like, (type(self), self._arguments())

    def before_fork(self, *, timeout_seconds: float) -> bool:
        """Hold the lock over a fork, so that the child's copy is whole; False if another thread keeps it."""
        return self._lock.acquire(timeout=timeout_seconds)

    def after_fork(self, *, in_child: bool, is_whole: bool) -> None:
        """Give the lock back; the loads of other threads did not come into the child."""
        if in_child and not is_whole:
            # A thread that is not here left the entries half-changed, and holds the lock for ever.
            self._start_empty()
        elif in_child:
            self._flights.disown_all()
            self._to_tell.clear()
        if is_whole:
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
        if is_single_use(value):  # asked first: the key's text is for the message only
            refuse_single_use(value, what=f"The loader of {key!r}", fix=_LOAD_WHAT_LASTS)
        size = self._size(key, value)
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

    def _size(self, key: K, value: V) -> int:
        return 1 if self._sizeof is None else measured(self._sizeof, key, value)

    def _arguments(self) -> dict[str, Any]:
        """Return what makes a cache like this one."""
        arguments = {field.name: getattr(self.options, field.name) for field in fields(self.options)}
        return arguments | {"policy": self._make_policy}

    def _bounds(self) -> list[tuple[str, int | None]]:
        return [("max_entries", self.options.max_entries), ("max_bytes", self.options.max_bytes)]

    def _remember_to_tell(self, entry: CacheEntry[K, V], cause: RemovalCause) -> None:
        self._to_tell.append(Removal(key=entry.key, value=entry.value, cause=cause))

    def _tell(self) -> None:
        while self._to_tell:
            try:
                removal = self._to_tell.popleft()
            except IndexError:  # another thread told the last one
                return
            try:
                cast("Callable[[Removal[K, V]], None]", self.options.listener)(removal)
            except Exception:  # noqa: BLE001  # a listener's fault must not become the caller's
                _log.exception("The removal listener of %r failed for key %r.", self, removal.key)


def _empty_like(kind: type[CacheMap[K, V]], arguments: dict[str, Any]) -> CacheMap[K, V]:
    return kind(**arguments)
