"""The cache itself, with every policy and in its buffered form: one contract for all of them."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from lakehouse.cache import (
    BufferedCache,
    CacheBoundError,
    CacheMap,
    FIFOPolicy,
    LFUPolicy,
    LRUCache,
    LRUPolicy,
    RecursiveLoadError,
    Removal,
    RemovalCause,
    SIEVEPolicy,
    UnknownSizeError,
    ValueTooLargeError,
)
from lakehouse.cache.ticked_lru_policy import TickedLRUPolicy

KINDS: dict[str, Callable[..., CacheMap[Any, Any]]] = {
    "LRUCache": LRUCache,
    "BufferedCache": BufferedCache,
    "LRU": partial(CacheMap, policy=LRUPolicy),
    "ticked LRU": partial(CacheMap, policy=TickedLRUPolicy),
    "FIFO": partial(CacheMap, policy=FIFOPolicy),
    "LFU": partial(CacheMap, policy=LFUPolicy),
    "SIEVE": partial(CacheMap, policy=SIEVEPolicy),
}
LATEST_SECONDS = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=sorted(KINDS))
def make(request: pytest.FixtureRequest) -> Callable[..., CacheMap[Any, Any]]:
    return KINDS[request.param]


def test_a_value_is_found_until_it_is_removed(make: Callable[..., CacheMap[str, int]]) -> None:
    cache = make(max_entries=3)
    cache.put("a", 1)
    assert cache.get("a") == 1
    assert "a" in cache
    assert cache.remove("a") is True
    assert cache.remove("a") is False
    assert cache.get("a", default=-1) == -1


def test_a_none_value_is_kept_like_any_other(make: Callable[..., CacheMap[str, None]]) -> None:
    cache = make(max_entries=3)
    cache.put("a", None)
    assert cache.get("a", default=1) is None
    assert cache.get_or_load("a", lambda key: pytest.fail("loaded what was there")) is None


def test_a_newer_value_replaces_the_older(make: Callable[..., CacheMap[str, int]]) -> None:
    cache = make(max_entries=1)
    for value in range(3):
        cache.put("a", value)
    assert (cache.get("a"), len(cache)) == (2, 1)


def test_there_are_never_more_entries_than_allowed(make: Callable[..., CacheMap[int, int]]) -> None:
    cache = make(max_entries=7)
    for key in range(100):
        cache.put(key, key)
        cache.get(key // 2)
        assert len(cache) <= 7
    assert cache.get(99) == 99


def test_there_are_never_more_bytes_than_allowed(make: Callable[..., CacheMap[int, bytes]]) -> None:
    cache = make(max_bytes=100)
    for key in range(200):
        cache.put(key % 23, b"x" * (key * 7 % 60))
        assert sum(len(entry.value) for entry in cache.snapshot()) == cache.statistics().size_bytes <= 100


def test_both_bounds_hold_at_once(make: Callable[..., CacheMap[int, bytes]]) -> None:
    cache = make(max_bytes=100, max_entries=3)
    for key in range(9):
        cache.put(key, b"x" * (1 if key < 5 else 60))
        assert len(cache) <= 3
        assert cache.statistics().size_bytes <= 100


def test_a_value_larger_than_the_whole_bound_is_refused_with_both_numbers(
    make: Callable[..., CacheMap[str, bytes]],
) -> None:
    cache = make(max_bytes=10)
    cache.put("kept", b"12345")
    with pytest.raises(ValueTooLargeError, match=r"'big' has 11 bytes, the whole cache holds 10\. Fix:"):
        cache.put("big", b"x" * 11)
    assert cache.get("kept") == b"12345"


def test_a_loaded_value_larger_than_the_whole_bound_is_handed_out_and_not_kept(
    make: Callable[..., CacheMap[str, bytes]],
) -> None:
    cache = make(max_bytes=10)
    assert cache.get_or_load("big", lambda key: b"x" * 11) == b"x" * 11
    assert "big" not in cache
    assert cache.statistics().refused == 1


def test_a_value_grown_in_place_pushes_others_out_and_stays(
    make: Callable[..., CacheMap[str, bytes]],
) -> None:
    cache = make(max_bytes=10)
    cache.put("a", b"xx")
    cache.put("b", b"xx")
    cache.put("a", b"x" * 9)
    assert (cache.peek("a"), cache.peek("b")) == (b"x" * 9, None)


@pytest.mark.parametrize("bounds", [{}, {"max_entries": 0}, {"max_bytes": -1}, {"max_entries": 2.5}])
def test_a_cache_without_a_true_bound_is_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(CacheBoundError, match="Fix: give max_entries="):
        CacheMap(**bounds)


def test_a_value_of_unknown_size_is_refused_where_bytes_are_counted() -> None:
    with pytest.raises(UnknownSizeError, match=r"type object does not say.*Fix: give the cache sizeof="):
        LRUCache(max_bytes=10).put("a", object())


def test_an_expired_value_is_a_miss(make: Callable[..., CacheMap[str, int]]) -> None:
    clock = Clock()
    cache = make(max_entries=3, ttl_seconds=10, clock=clock)
    cache.put("a", 1)
    cache.put("short", 2, ttl_seconds=1)
    clock.now += 9.5
    assert (cache.get("a"), cache.get("short")) == (1, None)
    clock.now += 0.5
    assert "a" not in cache
    assert cache.get("a") is None
    assert cache.statistics().removals == {RemovalCause.EXPIRED: 2}


def test_an_entry_put_again_just_before_it_is_dropped_as_expired_stays(
    make: Callable[..., CacheMap[str, int]],
) -> None:
    clock = Clock()
    cache = make(max_entries=3, ttl_seconds=10, clock=clock)
    cache.put("a", 1)
    found = cache._store.entry_by_key["a"]
    clock.now += 10
    cache.put("a", 2)
    cache._store.expire(found)
    assert cache.get("a") == 2


def test_expired_entries_are_dropped_when_asked(make: Callable[..., CacheMap[int, int]]) -> None:
    clock = Clock()
    cache = make(max_entries=9, clock=clock)
    for key in range(6):
        cache.put(key, key, ttl_seconds=key + 1)
    clock.now += 3
    cache.remove_expired()
    assert sorted(entry.key for entry in cache.snapshot()) == [3, 4, 5]
    assert len(cache) == 3


def test_a_loaded_value_lives_as_long_as_told(make: Callable[..., CacheMap[str, int]]) -> None:
    clock = Clock()
    cache = make(max_entries=3, clock=clock)
    assert cache.get_or_load("a", lambda key: 1, ttl_seconds=5) == 1
    clock.now += 5
    assert cache.get_or_load("a", lambda key: 2) == 2


def test_statistics_count_what_happened(make: Callable[..., CacheMap[Any, Any]]) -> None:
    cache = make(max_entries=2)
    cache.get("absent")
    cache.put("a", 1)
    cache.put("a", 2)
    cache.get("a")
    cache.get_or_load("b", str)
    cache.get_or_load("b", str)
    cache.put("c", 3)
    cache.remove("c")
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load("d", lambda key: 1 // 0)
    cache.clear()
    seen = cache.statistics()
    assert (seen.hits, seen.misses, seen.loads, seen.load_failures) == (2, 3, 1, 1)
    assert (seen.entries, seen.requests, seen.hit_ratio, seen.evictions) == (0, 5, 0.4, 1)
    assert seen.removals == {
        RemovalCause.REPLACED: 1,
        RemovalCause.EVICTED: 1,
        RemovalCause.REMOVED: 1,
        RemovalCause.CLEARED: 1,
    }
    assert cache.statistics() == seen


def test_load_seconds_are_those_of_the_loaders(make: Callable[..., CacheMap[str, None]]) -> None:
    cache = make(max_entries=2)
    cache.get_or_load("a", lambda key: time.sleep(0.05))
    assert 0.05 <= cache.statistics().load_seconds < 5


def test_the_last_access_is_stamped_by_the_clock() -> None:
    clock = Clock()
    cache: LRUCache[str, int] = LRUCache(3, clock=clock)
    cache.put("a", 1)
    clock.now += 5
    assert cache.snapshot()[0].last_access_timestamp == 1000.0
    cache.get("a")
    assert cache.snapshot()[0].last_access_timestamp == 1005.0


def test_a_snapshot_is_a_copy(make: Callable[..., CacheMap[str, int]]) -> None:
    cache = make(max_entries=3)
    cache.put("a", 1)
    snapshot = cache.snapshot()
    snapshot[0].value = 99
    cache.clear()
    assert [(entry.key, entry.size) for entry in snapshot] == [("a", 1)]
    assert cache.get("a") is None


def test_the_listener_hears_each_removal_with_its_cause(make: Callable[..., CacheMap[str, int]]) -> None:
    heard: list[tuple[str, int, str]] = []
    clock = Clock()
    cache = make(
        max_entries=2, clock=clock, listener=lambda gone: heard.append((gone.key, gone.value, gone.cause))
    )
    cache.put("a", 1)
    cache.put("a", 2)
    cache.put("b", 3)
    cache.remove("a")
    cache.put("c", 4, ttl_seconds=1)
    clock.now += 2
    cache.get("c")
    cache.clear()
    assert heard == [("a", 1, "replaced"), ("a", 2, "removed"), ("c", 4, "expired"), ("b", 3, "cleared")]


def test_the_listener_is_called_outside_the_lock(make: Callable[..., CacheMap[int, int]]) -> None:
    seen_by_another_thread: list[object] = []

    def listen(removal: Removal[int, int]) -> None:
        with ThreadPoolExecutor(1) as pool:
            seen_by_another_thread.append(pool.submit(cache.peek, 2).result(LATEST_SECONDS))

    cache = make(max_entries=1, listener=listen)
    cache.put(1, 1)
    cache.put(2, 22)
    assert seen_by_another_thread == [22]


def test_a_listener_that_fails_harms_nobody(
    make: Callable[..., CacheMap[int, int]], caplog: pytest.LogCaptureFixture
) -> None:
    def listen(removal: Removal[int, int]) -> None:
        raise RuntimeError("the listener's own fault")

    cache = make(max_entries=1, listener=listen)
    for key in range(3):
        cache.put(key, key)
    assert cache.get(2) == 2
    assert [record.getMessage().partition(" of ")[0] for record in caplog.records] == [
        "The removal listener"
    ] * 2


def test_pickled_it_is_empty_with_the_same_bounds(make: Callable[..., CacheMap[int, int]]) -> None:
    cache = make(max_entries=2, ttl_seconds=60)
    cache.put(1, 1)
    copy = pickle.loads(pickle.dumps(cache))
    assert type(copy) is type(cache)
    assert len(copy) == 0
    for key in range(5):
        copy.put(key, key)
    assert len(copy) == 2
    assert copy.statistics().misses == 0


def test_its_repr_shows_bounds_and_no_values(make: Callable[..., CacheMap[str, str]]) -> None:
    cache = make(max_entries=2)
    cache.put("token", "secret")
    assert "max_entries=2: 1 entries" in repr(cache)
    assert "secret" not in repr(cache)


def test_a_key_whose_equality_asks_the_cache_does_not_hang(make: Callable[..., CacheMap[Any, int]]) -> None:
    cache = make(max_entries=8)

    class Curious:
        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            assert isinstance(other, Curious)
            cache.get("x")
            cache.put("y", self.number)
            cache.remove("z")
            return self.number == other.number

    def work() -> None:
        for number in [1, 2, 3, 1, 2]:
            cache.put(Curious(number), number)
        assert [cache.get(Curious(number)) for number in (1, 2, 3)] == [1, 2, 3]
        assert cache.get_or_load(Curious(4), lambda key: key.number) == 4

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(LATEST_SECONDS)
    assert not thread.is_alive()
    assert len(cache) == 5
    assert len(cache.snapshot()) == len({id(entry.key) for entry in cache.snapshot()})


def test_a_put_from_inside_a_put_of_the_same_key_takes_its_turn_after_it(
    make: Callable[..., CacheMap[Any, bytes]],
) -> None:
    cache = make(max_bytes=100)
    inner_puts = [b"inner"]

    class Nested:
        """A key whose comparison puts a value under an equal key, once."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            assert isinstance(other, Nested)
            if inner_puts:
                cache.put(Nested("a"), inner_puts.pop())
            return self.name == other.name

    cache.put(Nested("decoy"), b"x")
    cache.put(Nested("a"), b"outer value")
    assert inner_puts == [], "the decoy was compared with"
    assert {entry.key.name: entry.value for entry in cache.snapshot()} == {"decoy": b"x", "a": b"inner"}
    assert cache.statistics().size_bytes == len(b"x") + len(b"inner")
    assert cache.remove(Nested("a"))
    assert (len(cache), cache.statistics().size_bytes) == (1, 1)


def test_a_child_made_by_fork_while_others_are_busy_can_use_its_copy(
    make: Callable[..., CacheMap[int, int]],
) -> None:
    cache = make(max_entries=50)
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            for key in range(100):
                cache.put(key, key)
                cache.get(key - 1)

    threads = [threading.Thread(target=keep_busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            assert _exit_code_of_child(partial(_use, cache)) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_load_of_another_thread_does_not_follow_into_a_forked_child() -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    begun, go_on = threading.Event(), threading.Event()

    def slow(key: str) -> int:
        begun.set()
        go_on.wait(LATEST_SECONDS)
        return 1

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(cache.get_or_load, "a", slow)
        assert begun.wait(LATEST_SECONDS)
        assert _exit_code_of_child(lambda: cache.get_or_load("a", lambda key: 2) == 2) == 0
        go_on.set()
        assert result.result(LATEST_SECONDS) == 1


def test_the_loader_that_needs_its_own_key_gets_an_error(make: Callable[..., CacheMap[str, int]]) -> None:
    cache = make(max_entries=3)

    def load(key: str) -> int:
        return cache.get_or_load(key, load) + 1

    with pytest.raises(RecursiveLoadError, match=r"The loader of 'a' needs 'a' itself.*Fix:"):
        cache.get_or_load("a", load)
    assert cache.get_or_load("a", lambda key: 7) == 7


def _use(cache: CacheMap[int, int]) -> bool:
    for key in range(200):
        cache.put(key, key)
    return len(cache) == 50 and all(cache.get(entry.key) == entry.value for entry in cache.snapshot())


def _exit_code_of_child(check: Callable[[], bool]) -> int:
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)
    deadline = time.monotonic() + LATEST_SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -1
