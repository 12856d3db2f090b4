"""Keys whose hash or equality changes while a cache holds them: it may not find them, and must not break."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from lakehouse.cache import (
    BufferedCache,
    CacheMap,
    EvictionPolicy,
    FIFOPolicy,
    LFUPolicy,
    LRUCache,
    NothingToEvictError,
    Removal,
    RemovalCause,
    SIEVEPolicy,
)

KINDS: dict[str, Callable[..., CacheMap[Any, Any]]] = {
    "LRUCache": LRUCache,
    "BufferedCache": BufferedCache,
    "FIFO": partial(CacheMap, policy=FIFOPolicy),
    "LFU": partial(CacheMap, policy=LFUPolicy),
    "SIEVE": partial(CacheMap, policy=SIEVEPolicy),
}
LATEST_SECONDS = 10.0


class Key:
    """Equal by a value that may change."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __hash__(self) -> int:
        return self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.value == other.value


@pytest.fixture(params=sorted(KINDS))
def make(request: pytest.FixtureRequest) -> Callable[..., CacheMap[Any, Any]]:
    return KINDS[request.param]


def test_an_entry_that_its_key_hides_is_evicted_in_its_turn(make: Callable[..., CacheMap[Any, str]]) -> None:
    left: list[Removal[Any, str]] = []
    cache = make(max_entries=1, listener=left.append)
    key = Key(1)
    cache.put(key, "a")
    key.value = 3
    cache.put(Key(2), "b")
    assert [(entry.key.value, entry.value) for entry in cache.snapshot()] == [(2, "b")]
    assert [(each.value, each.cause) for each in left] == [("a", RemovalCause.EVICTED)]


def test_clear_drops_hidden_entries_and_the_cache_works_on(make: Callable[..., CacheMap[Any, bytes]]) -> None:
    cache = make(max_entries=5, max_bytes=100)
    keys = [Key(number) for number in range(5)]
    for key in keys:
        cache.put(key, b"12345")
        key.value += 10
    cache.clear()
    assert (len(cache), cache.statistics().size_bytes) == (0, 0)
    for number in range(20):
        cache.put(Key(number), b"x")
        assert cache.get(Key(number)) == b"x"
    assert len(cache) == 5


def test_a_key_that_becomes_equal_to_another_does_not_take_the_other_s_place(
    make: Callable[..., CacheMap[Any, str]],
) -> None:
    cache = make(max_entries=2)
    changing = Key(1)
    cache.put(changing, "first")
    cache.put(Key(2), "second")
    changing.value = 2
    cache.put(Key(3), "third")
    assert (cache.peek(Key(2)), cache.peek(Key(3))) == ("second", "third")


def test_hidden_entries_expire_when_that_is_asked_for(make: Callable[..., CacheMap[Any, str]]) -> None:
    now = [0.0]
    cache = make(max_entries=5, ttl_seconds=1, clock=lambda: now[0])
    for number in range(3):
        key = Key(number)
        cache.put(key, "a")
        key.value += 10
    now[0] = 2.0
    cache.remove_expired()
    assert len(cache) == 0
    assert cache.statistics().removals == {RemovalCause.EXPIRED: 3}


def test_entries_that_become_equal_are_counted_right_when_one_of_them_has_to_go(
    make: Callable[..., CacheMap[Any, bytes]],
) -> None:
    cache = make(max_bytes=40, max_entries=4)
    keys = [Key(number) for number in range(4)]
    for key in keys:
        cache.put(key, b"1234567890")
    for key in keys:
        key.value = 7
    for number in range(100, 104):
        cache.put(Key(number), b"1234567890")
    assert [cache.peek(Key(number)) for number in range(100, 104)] == [b"1234567890"] * 4
    assert (len(cache), cache.statistics().size_bytes) == (4, 40)


def test_random_changes_never_break_the_bounds(make: Callable[..., CacheMap[Any, bytes]]) -> None:
    import random

    chance = random.Random(7)
    cache = make(max_entries=10, max_bytes=60)
    keys: list[Key] = []
    for step in range(3000):
        key = Key(chance.randrange(15))
        keys = [*keys[-30:], key]
        match chance.randrange(6):
            case 0 | 1 | 2:
                cache.put(key, bytes(chance.randrange(10)))
            case 3:
                cache.get(key)
            case 4:
                chance.choice(keys).value = chance.randrange(15)
            case 5:
                cache.remove(key)
        held = cache.snapshot()
        assert len(cache) == len(held) <= 10
        assert cache.statistics().size_bytes == sum(len(entry.value) for entry in held) <= 60
        if step % 500 == 499:
            cache.clear()
            assert len(cache) == 0


def test_a_key_that_changes_while_it_is_loaded_leaves_no_load_behind(
    make: Callable[..., CacheMap[Any, int]],
) -> None:
    cache = make(max_entries=3)
    key = Key(1)

    def load(_: Key) -> int:
        key.value = 2
        return 5

    assert cache.get_or_load(key, load) == 5
    key.value = 1
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(cache.get_or_load, Key(1), lambda _: 6)
        assert later.result(LATEST_SECONDS) == 6, "and not what the load of long ago brought"


def test_a_policy_that_returns_an_equal_key_is_as_good_as_one_that_returns_the_same() -> None:
    class Newest(EvictionPolicy[str]):
        """Evicts what came last, by a copy of its key."""

        def __init__(self) -> None:
            self.keys: list[str] = []

        def track_access(self, key: str) -> None:
            if key not in self.keys:
                self.keys.append(key)

        def forget(self, key: str) -> None:
            if key in self.keys:
                self.keys.remove(key)

        def evict_key(self) -> str:
            if not self.keys:
                raise NothingToEvictError(policy="Newest")
            return "".join(list(self.keys.pop()))

    cache: CacheMap[str, int] = CacheMap(max_entries=2, policy=Newest)
    for number, key in enumerate(["long key a", "long key b", "long key c"]):
        cache.put(key, number)
    assert sorted(entry.key for entry in cache.snapshot()) == ["long key a", "long key c"]


def test_threads_that_change_their_keys_under_the_cache_never_see_a_foreign_error(
    make: Callable[..., CacheMap[Any, int]],
) -> None:
    cache = make(max_entries=8)
    keys = [Key(number) for number in range(12)]
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for step in range(1500):
                key = keys[(seed * 7 + step) % 12]
                cache.put(key, step)
                key.value = (key.value * 5 + seed) % 13
                cache.get(key)
                cache.get_or_load(Key(step % 13), lambda _: step)  # noqa: B023
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATEST_SECONDS)
    assert failures == []
    assert len(cache) == len(cache.snapshot()) <= 8
