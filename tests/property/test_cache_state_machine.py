"""Any sequence of calls gives what a plain, slow model of an LRU cache gives."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lakehouse.cache import BufferedCache, CacheMap, LRUCache, Removal, ValueTooLargeError

keys = st.integers(0, 7)
sizes = st.integers(0, 12)
lifetimes = st.none() | st.integers(1, 5)


class AgainstModel(RuleBasedStateMachine):
    """The model: an OrderedDict of key to (value, end of life), most recently used last."""

    kind: type[CacheMap[int, bytes]] = LRUCache

    @initialize(max_entries=st.integers(1, 5), max_bytes=st.none() | st.integers(1, 30))
    def start(self, max_entries: int, max_bytes: int | None) -> None:
        self.now = 0.0
        self.told: list[tuple[int, bytes, str]] = []
        self.expected_told: list[tuple[int, bytes, str]] = []
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.model: OrderedDict[int, tuple[bytes, float]] = OrderedDict()
        self.hits = self.misses = 0
        self.cache = self.kind(
            max_entries=max_entries, max_bytes=max_bytes, listener=self.listen, clock=lambda: self.now
        )

    def listen(self, removal: Removal[int, bytes]) -> None:
        self.told.append((removal.key, removal.value, removal.cause))

    def leave(self, key: int, cause: str) -> None:
        value, _ = self.model.pop(key)
        self.expected_told.append((key, value, cause))

    def model_put(self, key: int, value: bytes, ttl_seconds: int | None) -> None:
        if key in self.model:
            self.leave(key, "replaced")
        while len(self.model) + 1 > self.max_entries or not self.fits(value):
            self.leave(next(iter(self.model)), "evicted")
        self.model[key] = (value, float("inf") if ttl_seconds is None else self.now + ttl_seconds)

    def fits(self, value: bytes) -> bool:
        held = sum(len(v) for v, _ in self.model.values())
        return self.max_bytes is None or held + len(value) <= self.max_bytes

    def model_get(self, key: int) -> bytes | None:
        if key in self.model and self.now >= self.model[key][1]:
            self.leave(key, "expired")
        if key not in self.model:
            self.misses += 1
            return None
        self.hits += 1
        self.model.move_to_end(key)
        return self.model[key][0]

    @rule(key=keys, size=sizes, ttl_seconds=lifetimes)
    def put(self, key: int, size: int, ttl_seconds: int | None) -> None:
        value = bytes(size)
        try:
            self.cache.put(key, value, ttl_seconds=ttl_seconds)
        except ValueTooLargeError:
            assert self.max_bytes is not None
            assert size > self.max_bytes
        else:
            self.model_put(key, value, ttl_seconds)

    @rule(key=keys)
    def get(self, key: int) -> None:
        assert self.cache.get(key) == self.model_get(key)

    @rule(key=keys, size=sizes)
    def get_or_load(self, key: int, size: int) -> None:
        loaded = self.cache.get_or_load(key, lambda _: bytes(size))
        expected = self.model_get(key)
        if expected is None:
            expected = bytes(size)
            if self.max_bytes is None or size <= self.max_bytes:
                self.model_put(key, expected, None)
        assert loaded == expected

    @rule(key=keys)
    def remove(self, key: int) -> None:
        fresh = key in self.model and self.now < self.model[key][1]
        assert self.cache.remove(key) == fresh
        if key in self.model:
            self.leave(key, "removed" if fresh else "expired")

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        for key in list(self.model):
            self.leave(key, "cleared")

    @rule(seconds=st.integers(1, 4))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def remove_expired(self) -> None:
        self.cache.remove_expired()
        for key in [key for key, (_, end) in self.model.items() if self.now >= end]:
            self.leave(key, "expired")

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "cache"):
            return
        fresh = {key: value for key, (value, end) in self.model.items() if self.now < end}
        assert {entry.key: entry.value for entry in self.cache.snapshot()} == fresh
        assert len(self.cache) == len(self.model)
        assert sorted(self.told) == sorted(self.expected_told)
        seen = self.cache.statistics()
        assert (seen.hits, seen.misses) == (self.hits, self.misses)
        held = sum(len(value) for value, _ in self.model.values())
        assert seen.size_bytes == (0 if self.max_bytes is None else held)


class BufferedAgainstModel(AgainstModel):
    kind = BufferedCache


AgainstModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
BufferedAgainstModel.TestCase.settings = AgainstModel.TestCase.settings
TestPlainCache = AgainstModel.TestCase
TestBufferedCache = BufferedAgainstModel.TestCase
