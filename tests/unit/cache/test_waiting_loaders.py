"""Loaders that wait for other threads: a circle is an error where it can be seen, and ends by a time-out elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO, Any

import pytest

from lakehouse.cache import (
    LoadTimeoutError,
    LRUCache,
    NodeFileCache,
    RecursiveLoadError,
    cached,
)

LATEST_SECONDS = 10.0


def outcome_of(work: Callable[[], object]) -> object:
    """Return what the work returned or raised; fail if it never ends."""
    box: list[object] = []

    def run() -> None:
        try:
            box.append(work())
        except Exception as error:
            box.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LATEST_SECONDS)
    assert box, "it hangs"
    return box[0]


def by_future(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def by_map(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return next(iter(pool.map(lambda _: work(), [1])))


def by_exception_of_a_future(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        error = future.exception()
        if error is not None:
            raise error
        return future.result()


def by_shutdown(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
    return future.result()


def by_join(work: Callable[[], object]) -> object:
    future: Future[object] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    return future.result()


SEEN = [by_future, by_map, by_exception_of_a_future, by_shutdown, by_join]


@pytest.mark.parametrize("hand_over", SEEN)
def test_a_loader_that_asks_for_its_own_key_on_another_thread_gets_an_error(hand_over: Any) -> None:
    cache: LRUCache[str, object] = LRUCache(5)

    def load(key: str) -> object:
        return hand_over(lambda: cache.get_or_load(key, load))

    began = time.monotonic()
    assert isinstance(outcome_of(lambda: cache.get_or_load("a", load)), RecursiveLoadError)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("hand_over", SEEN)
def test_a_circle_over_two_keys_two_caches_and_another_thread_is_an_error(hand_over: Any) -> None:
    left: LRUCache[str, object] = LRUCache(5)
    right: LRUCache[str, object] = LRUCache(5)

    def outer(_: str) -> object:
        return hand_over(lambda: right.get_or_load("b", inner))

    def inner(_: str) -> object:
        return left.get_or_load("a", outer)

    assert isinstance(outcome_of(lambda: left.get_or_load("a", outer)), RecursiveLoadError)
    assert left.get_or_load("a", lambda key: 7) == 7, "the next one loads"


def test_a_circle_of_two_loaders_that_both_use_a_pool_is_an_error() -> None:
    cache: LRUCache[str, object] = LRUCache(5)
    both_loading = threading.Barrier(2)

    def load(key: str, other: str, load_other: Any) -> object:
        both_loading.wait(LATEST_SECONDS)
        return by_future(lambda: cache.get_or_load(other, load_other))

    def load_a(key: str) -> object:
        return load(key, "b", load_b)

    def load_b(key: str) -> object:
        return load(key, "a", load_a)

    with ThreadPoolExecutor(2) as pool:
        flights = [pool.submit(cache.get_or_load, "a", load_a), pool.submit(cache.get_or_load, "b", load_b)]
        kinds = {type(flight.exception(LATEST_SECONDS)) for flight in flights}
    assert kinds == {RecursiveLoadError}


def test_a_function_that_calls_itself_through_a_pool_ends() -> None:
    calls: list[int] = []

    @cached
    def down(number: int) -> int:
        calls.append(number)
        if len(calls) > 1:
            return 5
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(down, number).result()

    assert outcome_of(lambda: down(1)) == 5, "as a call that needs its own result on one thread"


def test_a_loader_may_spread_its_work_over_a_pool() -> None:
    cache: LRUCache[str, int] = LRUCache(50)

    def part(key: str) -> int:
        time.sleep(0.15)
        return len(key)

    def load(_: str) -> int:
        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(cache.get_or_load, "x" * n, part) for n in range(1, 5)]
            wait(futures)
            return sum(future.result() for future in futures)

    with ThreadPoolExecutor(8) as pool:
        askers = [pool.submit(cache.get_or_load, "all", load) for _ in range(8)]
        assert [asker.result(LATEST_SECONDS) for asker in askers] == [10] * 8
    assert cache.statistics().loads == 5


def test_a_wait_with_its_own_time_out_is_not_a_circle() -> None:
    cache: LRUCache[str, object] = LRUCache(5)

    def load(key: str) -> object:
        with ThreadPoolExecutor(1) as pool:
            inner = pool.submit(cache.get_or_load, key, load)
            try:
                return inner.result(0.3)
            except TimeoutError:
                return "gave up waiting"
            finally:
                pool.shutdown(wait=False)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_load, "a", load)
        # The pool's shutdown joins its thread, which is a circle by then: that one sees the error.
        assert first.result(LATEST_SECONDS) == "gave up waiting"


def test_a_circle_that_nobody_can_see_ends_by_the_time_out() -> None:
    cache: LRUCache[str, object] = LRUCache(5, load_timeout_seconds=0.2)
    errors: list[Exception] = []

    def load(key: str) -> object:
        done = threading.Event()

        def ask() -> None:
            try:
                cache.get_or_load(key, load)
            except LoadTimeoutError as error:
                errors.append(error)
            done.set()

        threading.Thread(target=ask, daemon=True).start()
        done.wait(LATEST_SECONDS)
        return "went on"

    assert outcome_of(lambda: cache.get_or_load("a", load)) == "went on"
    assert str(errors[0]).startswith("Another thread has been loading 'a' for more than 0.2 s. Fix: let no")


def test_a_slow_load_goes_on_after_a_waiter_gave_up() -> None:
    cache: LRUCache[str, int] = LRUCache(5, load_timeout_seconds=0.1)
    loading, go_on = threading.Event(), threading.Event()

    def slow(_: str) -> int:
        loading.set()
        go_on.wait(LATEST_SECONDS)
        return 1

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_load, "a", slow)
        assert loading.wait(LATEST_SECONDS)
        second = pool.submit(cache.get_or_load, "a", slow)
        assert isinstance(second.exception(LATEST_SECONDS), LoadTimeoutError)
        go_on.set()
        assert first.result(LATEST_SECONDS) == 1
    assert cache.peek("a") == 1


def test_a_function_that_remembers_has_a_time_out_too() -> None:
    loading, go_on = threading.Event(), threading.Event()

    @cached(load_timeout_seconds=0.1)
    def slow(number: int) -> int:
        loading.set()
        go_on.wait(LATEST_SECONDS)
        return number

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow, 1)
        assert loading.wait(LATEST_SECONDS)
        assert isinstance(pool.submit(slow, 1).exception(LATEST_SECONDS), LoadTimeoutError)
        go_on.set()
        assert first.result(LATEST_SECONDS) == 1


def test_keys_that_ask_the_cache_from_two_sides_at_once_do_not_hang() -> None:
    """One thread compares keys on its way into a load, the other in a change: each needs what the other holds."""
    cache: LRUCache[Any, int] = LRUCache(50)

    class Asking:
        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            time.sleep(0.0005)
            cache.get("x")
            return isinstance(other, Asking) and self.number == other.number

    loading, go_on = threading.Event(), threading.Event()

    def slow(_: Any) -> int:
        loading.set()
        go_on.wait(LATEST_SECONDS)
        return 0

    def load() -> None:
        for number in range(20):
            cache.get_or_load(Asking(number % 3 + 1), lambda key: key.number)

    def put() -> None:
        for number in range(20):
            cache.put(Asking(number % 3 + 1), number)

    threads = [threading.Thread(target=work, daemon=True) for work in (load, put, load, put)]
    first = threading.Thread(target=lambda: cache.get_or_load(Asking(0), slow), daemon=True)
    first.start()
    assert loading.wait(LATEST_SECONDS)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATEST_SECONDS)
    go_on.set()
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("hand_over", SEEN)
def test_a_fetch_that_opens_its_own_file_on_another_thread_gets_an_error(
    tmp_path: Path, hand_over: Any
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20)

    def fetch(target: IO[bytes]) -> object:
        return hand_over(lambda: files.open("a", "1", fetch).close())

    assert isinstance(outcome_of(lambda: files.open("a", "1", fetch)), RecursiveLoadError)


def test_a_fetch_that_opens_its_own_file_in_another_cache_on_the_folder_gets_an_error(tmp_path: Path) -> None:
    one, other = (NodeFileCache(tmp_path, max_bytes=1 << 20) for _ in range(2))

    def fetch(target: IO[bytes]) -> None:
        other.open("a", "1", fetch).close()

    assert isinstance(outcome_of(lambda: one.open("a", "1", fetch)), RecursiveLoadError)


def test_a_circle_of_a_value_and_a_file_is_an_error(tmp_path: Path) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20)
    cache: LRUCache[str, object] = LRUCache(5)

    def load(_: str) -> object:
        return by_future(lambda: files.open("a", "1", fetch).close())

    def fetch(target: IO[bytes]) -> None:
        cache.get_or_load("value", load)

    assert isinstance(outcome_of(lambda: cache.get_or_load("value", load)), RecursiveLoadError)


def test_who_waits_too_long_for_the_fetch_of_another_fetches_for_itself(tmp_path: Path) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20, load_timeout_seconds=0.2)
    fetching, go_on = threading.Event(), threading.Event()

    def slow(target: IO[bytes]) -> None:
        fetching.set()
        go_on.wait(LATEST_SECONDS)
        target.write(b"whole")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(files.open, "a", "1", slow)
        assert fetching.wait(LATEST_SECONDS)
        with files.open("a", "1", lambda target: target.write(b"whole")) as lease:
            assert lease.read() == b"whole"
        go_on.set()
        with first.result(LATEST_SECONDS) as lease:
            assert lease.read() == b"whole"
    assert files.statistics().fetches == 2
    assert files.size_bytes() == len(b"whole")
