"""Many threads, one key: one load. Everything that can go wrong with that."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakehouse.cache import CacheMap, LRUCache, RecursiveLoadError

THREADS = 32
LATEST_SECONDS = 10.0


def ask_from_many_threads(cache: CacheMap[str, int], load: object) -> list[object]:
    start = threading.Barrier(THREADS)

    def ask() -> object:
        start.wait(LATEST_SECONDS)
        try:
            return cache.get_or_load("cold", load)  # type: ignore[arg-type]
        except OSError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result(LATEST_SECONDS) for each in [pool.submit(ask) for _ in range(THREADS)]]


def test_32_threads_that_ask_for_a_cold_key_make_one_load() -> None:
    cache: LRUCache[str, int] = LRUCache(10)
    calls: list[str] = []

    def load(key: str) -> int:
        calls.append(key)
        time.sleep(0.05)
        return 42

    assert ask_from_many_threads(cache, load) == [42] * THREADS
    assert calls == ["cold"]
    assert cache.statistics().loads == 1


def test_a_loader_that_raises_is_called_once_and_all_that_wait_get_its_exception() -> None:
    cache: LRUCache[str, int] = LRUCache(10)
    calls: list[str] = []
    failure = OSError("the source is down")

    def load(key: str) -> int:
        calls.append(key)
        time.sleep(0.1)
        raise failure

    assert ask_from_many_threads(cache, load) == [failure] * THREADS
    assert calls == ["cold"]
    assert cache.get_or_load("cold", lambda key: 1) == 1, "the next caller tries again"


def test_different_keys_load_side_by_side() -> None:
    cache: LRUCache[int, int] = LRUCache(10)
    all_inside = threading.Barrier(5)

    def load(key: int) -> int:
        all_inside.wait(LATEST_SECONDS)
        return key

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda key: cache.get_or_load(key, load), range(5))) == list(range(5))


def test_a_circle_of_loaders_over_two_threads_and_two_caches_is_an_error_not_a_hang() -> None:
    left: LRUCache[str, int] = LRUCache(3)
    right: LRUCache[str, int] = LRUCache(3)
    both_loading = threading.Barrier(2)

    def load_left(key: str) -> int:
        both_loading.wait(LATEST_SECONDS)
        return right.get_or_load("b", load_right)

    def load_right(key: str) -> int:
        both_loading.wait(LATEST_SECONDS)
        return left.get_or_load("a", load_left)

    with ThreadPoolExecutor(2) as pool:
        flights = [
            pool.submit(left.get_or_load, "a", load_left),
            pool.submit(right.get_or_load, "b", load_right),
        ]
        assert [type(flight.exception(LATEST_SECONDS)) for flight in flights] == [RecursiveLoadError] * 2


def test_loaders_may_use_the_cache_for_other_keys() -> None:
    cache: LRUCache[int, int] = LRUCache(100)

    def fibonacci(n: int) -> int:
        return n if n < 2 else cache.get_or_load(n - 1, fibonacci) + cache.get_or_load(n - 2, fibonacci)

    assert cache.get_or_load(50, fibonacci) == 12586269025
    assert cache.statistics().loads == 51


@pytest.mark.parametrize("change", ["put", "remove", "clear"])
def test_a_load_that_was_overtaken_by_a_change_is_not_kept(change: str) -> None:
    cache: LRUCache[str, str] = LRUCache(3)

    def load(key: str) -> str:
        if change == "put":
            cache.put(key, "newer")
        elif change == "remove":
            cache.remove(key)
        else:
            cache.clear()
        return "older"

    assert cache.get_or_load("a", load) == "older"
    assert cache.peek("a") == ("newer" if change == "put" else None)


def test_who_asks_after_a_remove_gets_a_load_of_its_own() -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    begun, go_on = threading.Event(), threading.Event()

    def slow(key: str) -> int:
        begun.set()
        go_on.wait(LATEST_SECONDS)
        return 1

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_load, "a", slow)
        assert begun.wait(LATEST_SECONDS)
        cache.remove("a")
        assert cache.get_or_load("a", lambda key: 2) == 2
        go_on.set()
        assert first.result(LATEST_SECONDS) == 1
    assert cache.get("a") == 2


def test_a_waiter_takes_over_from_a_loader_that_was_interrupted() -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    begun, go_on = threading.Event(), threading.Event()

    def interrupted(key: str) -> int:
        begun.set()
        go_on.wait(LATEST_SECONDS)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_load, "a", interrupted)
        assert begun.wait(LATEST_SECONDS)
        second = pool.submit(cache.get_or_load, "a", lambda key: 2)
        time.sleep(0.05)
        go_on.set()
        assert second.result(LATEST_SECONDS) == 2
        assert isinstance(first.exception(LATEST_SECONDS), KeyboardInterrupt)
