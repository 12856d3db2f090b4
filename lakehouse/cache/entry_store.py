"""The entries of a cache within their bounds. Not thread-safe: the cache calls it under its lock."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from lakehouse.cache.entry import CacheEntry, RemovalCause
from lakehouse.cache.errors import ValueTooLargeError
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.options import CacheOptions
from lakehouse.cache.rehash import rehash

__all__ = ["EntryStore"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class EntryStore(Generic[K, V]):
    """Entries by key, never more than the bounds allow: room is made before a new one comes in.

    Steps that call a key's ``__hash__`` or ``__eq__`` may be interrupted by what those do; each of them
    therefore takes an entry or key that is gone meanwhile as done. A key whose hash changes hides its entry
    from look-ups, and from nothing else: it still counts, and goes in its turn.
    """

    __slots__ = (
        "_clock",
        "_count",
        "_evictions",
        "_max_entries",
        "_max_size",
        "_on_removal",
        "_removals",
        "_ttl_seconds",
        "entry_by_key",
        "policy",
        "size",
    )

    def __init__(
        self,
        *,
        policy: EvictionPolicy[K],
        options: CacheOptions[K, V],
        on_removal: Callable[[CacheEntry[K, V], RemovalCause], None] | None,
    ) -> None:
        self._max_entries = options.most_entries
        self._max_size = options.most_bytes
        self._ttl_seconds = options.ttl_seconds
        self._clock = options.clock
        self._on_removal = on_removal
        self.policy = policy
        self.entry_by_key: dict[K, CacheEntry[K, V]] = {}
        self._count = self.entry_by_key.__len__  # somebody may cache the built-in len() with us
        self.size = 0
        self._removals: dict[RemovalCause, int] = {}
        self._evictions = 0

    @property
    def removals(self) -> dict[RemovalCause, int]:
        """How many entries left, by cause."""
        evictions = {RemovalCause.EVICTED: self._evictions} if self._evictions else {}
        return self._removals | evictions

    def could_hold(self, size: int) -> bool:
        """Say whether a value of this size fits into the empty cache."""
        return size <= self._max_size

    def check_size(self, key: K, size: int) -> None:
        """Raise ValueTooLargeError unless the value could be held."""
        if size > self._max_size:
            raise ValueTooLargeError(key=key, size_bytes=size, max_bytes=self._max_size)

    def is_fresh(self, entry: CacheEntry[K, V]) -> bool:
        """Say whether the entry's time is not over yet."""
        return entry.expires_at is None or self._clock() < entry.expires_at

    def hold(self, key: K, value: V, size: int, ttl_seconds: float | None) -> None:
        """Put the value under the key, and others out as far as needed."""
        now = self._clock()
        ttl_seconds = self._ttl_seconds if ttl_seconds is None else ttl_seconds
        expires_at = None if ttl_seconds is None else now + ttl_seconds
        entries = self.entry_by_key
        old = entries.get(key)
        if old is not None:
            if self.size + size - old.size <= self._max_size:
                self._replace(old, CacheEntry(key, value, size, now, expires_at))
                return
            self._drop(old, RemovalCause.REPLACED)
        while self._count() >= self._max_entries or self.size + size > self._max_size:
            victim = self.policy.evict_key()
            evicted = entries.pop(victim, None)
            if evicted is None or evicted.key is not victim:
                evicted = self._entry_of(victim, instead_of=evicted)
            if evicted is not None:
                self.size -= evicted.size
                self._evictions += 1
                if self._on_removal is not None:
                    self._on_removal(evicted, RemovalCause.EVICTED)
        entry = CacheEntry(key, value, size, now, expires_at)
        twin = entries.setdefault(key, entry)
        if twin is not entry:  # an eviction brought a hidden entry to light, under an equal key
            self._drop(twin, RemovalCause.REPLACED)
            entries[key] = entry
        self.policy.admit(entry)
        self.size += size

    def remove(self, key: K) -> bool:
        """Drop the entry; return whether there was a fresh one."""
        entry = self.entry_by_key.get(key)
        if entry is None:
            return False
        fresh = self.is_fresh(entry)
        self._drop(entry, RemovalCause.REMOVED if fresh else RemovalCause.EXPIRED)
        return fresh

    def expire(self, entry: CacheEntry[K, V]) -> None:
        """Drop this very entry, unless its key was put again meanwhile."""
        if self.entry_by_key.get(entry.key) is entry and not self.is_fresh(entry):
            self._drop(entry, RemovalCause.EXPIRED)

    def remove_expired(self) -> None:
        """Drop every entry whose time is over."""
        for entry in [e for e in self.entry_by_key.values() if not self.is_fresh(e)]:
            self._drop(entry, RemovalCause.EXPIRED)

    def clear(self) -> None:
        """Drop everything."""
        entries = list(self.entry_by_key.values())
        self.entry_by_key.clear()
        for entry in entries:
            self._let_go(entry, RemovalCause.CLEARED)

    def copies(self) -> list[CacheEntry[K, V]]:
        """Return copies of the fresh entries."""
        return [entry.copy() for entry in self.entry_by_key.values() if self.is_fresh(entry)]

    def _replace(self, old: CacheEntry[K, V], new: CacheEntry[K, V]) -> None:
        gone = old.copy()
        # In place, as the policy knows the old entry; the value first, because who reads without the lock
        # looks at expires_at first: it must not take the old value for one that lives as long as the new.
        old.value = new.value
        old.expires_at = new.expires_at
        old.last_access_timestamp = new.last_access_timestamp
        self.size += new.size - old.size
        old.size = new.size
        self.policy.touch(old)
        self._note_removal(gone, RemovalCause.REPLACED)

    def _drop(self, entry: CacheEntry[K, V], cause: RemovalCause) -> None:
        if self.entry_by_key.get(entry.key) is entry:
            self.entry_by_key.pop(entry.key, None)
        elif not self._take_out_hidden(entry):
            return
        self._let_go(entry, cause)

    def _entry_of(self, victim: K, *, instead_of: CacheEntry[K, V] | None) -> CacheEntry[K, V] | None:
        """Return the victim's own entry, taken out, where its key found another one or nothing."""
        if instead_of is not None:
            self.entry_by_key[instead_of.key] = instead_of
        for entry in list(self.entry_by_key.values()):
            if entry.key is victim and self._take_out_hidden(entry):
                return entry
        # A policy may return a key that is equal to the one it was told of, and not the same.
        return None if instead_of is None else self.entry_by_key.pop(instead_of.key, None)

    def _take_out_hidden(self, entry: CacheEntry[K, V]) -> bool:
        """Take out an entry that its key does not find; return whether it was there."""
        if not any(held is entry for held in self.entry_by_key.values()):
            return False
        for displaced in rehash(self.entry_by_key, without=entry):
            self._let_go(displaced, RemovalCause.REPLACED)
        return True

    def _let_go(self, entry: CacheEntry[K, V], cause: RemovalCause) -> None:
        self.size -= entry.size
        self.policy.discard(entry)
        self._note_removal(entry, cause)

    def _note_removal(self, entry: CacheEntry[K, V], cause: RemovalCause) -> None:
        self._removals[cause] = self._removals.get(cause, 0) + 1
        if self._on_removal is not None:
            self._on_removal(entry, cause)
