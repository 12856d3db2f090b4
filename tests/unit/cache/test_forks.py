"""A fork while other threads are busy in caches: the parent goes on, and the child never hangs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from lakehouse.cache import (
    BufferedCache,
    CacheMap,
    LRUCache,
    NodeFileCache,
    fork,
    host_lock,
    memoize,
    node_file_cache,
)
from lakehouse.cache.node_cache import NodeCacheSettings, node_cache

LATEST_SECONDS = 10.0


def exit_code_of_child(check: Callable[[], object]) -> int:
    """Fork, and return 0 if the check was true in the child, 1 if not, -1 if it hung."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    deadline = time.monotonic() + LATEST_SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -1


@pytest.fixture
def in_the_background() -> Iterator[Callable[[Callable[[], object]], None]]:
    threads = []

    def start(work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        threads.append(thread)

    yield start
    for thread in threads:
        thread.join(LATEST_SECONDS)


@pytest.fixture
def quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class SlowKey:
    """A key that takes its time to compare, while somebody asks it to."""

    slow = threading.Event()
    comparing = threading.Event()
    seconds = 0.2

    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        if SlowKey.slow.is_set() and threading.current_thread() is not threading.main_thread():
            SlowKey.comparing.set()
            time.sleep(SlowKey.seconds)
        return isinstance(other, SlowKey) and self.number == other.number


@pytest.fixture
def slow_keys() -> Iterator[type[SlowKey]]:
    SlowKey.comparing.clear()
    SlowKey.slow.set()
    yield SlowKey
    SlowKey.slow.clear()


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("kind", [LRUCache, BufferedCache])
def test_no_child_hangs_when_threads_load_at_the_moment_of_the_fork(
    kind: type[CacheMap[Any, Any]], in_the_background: Any
) -> None:
    cache = kind(50)
    stop = threading.Event()

    def load(thread: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            cache.get_or_load((thread, number % 200), lambda key: key)

    for thread in range(4):
        in_the_background(lambda thread=thread: load(thread))
    try:
        codes = {exit_code_of_child(lambda: cache.get_or_load("new", str) == "new") for _ in range(60)}
    finally:
        stop.set()
    assert codes == {0}


def test_a_child_does_not_hang_where_a_thread_compared_keys_before_its_load(
    slow_keys: Any, in_the_background: Any
) -> None:
    cache: LRUCache[Any, int] = LRUCache(10)
    loading, go_on = threading.Event(), threading.Event()
    slow_keys.slow.clear()

    def load(_: Any) -> int:
        loading.set()
        go_on.wait(LATEST_SECONDS)
        return 1

    in_the_background(lambda: cache.get_or_load(SlowKey(1), load))
    assert loading.wait(LATEST_SECONDS)
    slow_keys.slow.set()
    in_the_background(lambda: cache.get_or_load(SlowKey(2), lambda _: 2))
    assert slow_keys.comparing.wait(LATEST_SECONDS)
    code = exit_code_of_child(lambda: cache.get_or_load(SlowKey(1), lambda _: 3) == 3)
    slow_keys.slow.clear()
    go_on.set()
    assert code == 0


def test_a_cache_that_is_never_at_rest_holds_no_fork_up_and_is_empty_in_the_child(
    slow_keys: Any, in_the_background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SlowKey, "seconds", 2.0)
    cache: LRUCache[Any, int] = LRUCache(10, max_bytes=100, sizeof=lambda value: 1)
    cache.put(SlowKey(1), 1)
    in_the_background(lambda: cache.put(SlowKey(2), 2))
    assert slow_keys.comparing.wait(LATEST_SECONDS)
    began = time.monotonic()
    code = exit_code_of_child(lambda: len(cache) == 0 and cache.get_or_load(SlowKey(1), lambda _: 3) == 3)
    assert time.monotonic() - began < 2.0, "not as long as the comparison takes"
    slow_keys.slow.clear()
    assert code == 0
    assert cache.get(SlowKey(1)) == 1, "the parent's cache is as it was"


def test_many_busy_caches_hold_a_fork_up_no_longer_than_one(
    slow_keys: Any, in_the_background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SlowKey, "seconds", 1.5)
    caches = [LRUCache[Any, int](10) for _ in range(8)]
    for cache in caches:
        cache.put(SlowKey(1), 1)
        in_the_background(lambda cache=cache: cache.get(SlowKey(2)))
    assert slow_keys.comparing.wait(LATEST_SECONDS)
    began = time.monotonic()
    assert exit_code_of_child(lambda: True) == 0
    assert time.monotonic() - began < 1.4
    slow_keys.slow.clear()


def test_a_fork_from_inside_a_key_s_comparison_works_on_both_sides() -> None:
    cache: LRUCache[Any, int] = LRUCache(10)
    codes: list[int] = []

    class Forking:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            if not codes:
                codes.append(-2)
                codes[0] = exit_code_of_child(lambda: cache.get_or_load("x", len) == 1)
            return self is other

    one, other = Forking(), Forking()
    cache.put(one, 1)
    cache.put(other, 2)
    assert codes == [0]
    assert (cache.get(one), cache.get(other)) == (1, 2)


def test_a_loader_that_forks_brings_its_value_to_the_parent() -> None:
    cache: LRUCache[str, int] = LRUCache(10)

    def load(_: str) -> int:
        return exit_code_of_child(lambda: cache.get_or_load("b", lambda key: 5) == 5)

    assert cache.get_or_load("a", load) == 0
    assert cache.peek("a") == 0


def test_what_the_parent_s_threads_wait_for_is_forgotten_in_the_child(in_the_background: Any) -> None:
    from lakehouse.cache import flight

    cache: LRUCache[str, int] = LRUCache(10)
    loading, go_on = threading.Event(), threading.Event()

    def slow(_: str) -> int:
        loading.set()
        go_on.wait(LATEST_SECONDS)
        return 1

    in_the_background(lambda: cache.get_or_load("a", slow))
    assert loading.wait(LATEST_SECONDS)
    in_the_background(lambda: cache.get_or_load("a", slow))
    while not flight._flight_awaited_by:
        time.sleep(0.001)
    assert (
        exit_code_of_child(lambda: not flight._flight_awaited_by and flight._graph_lock.acquire(timeout=1))
        == 0
    )
    go_on.set()


@pytest.mark.usefixtures("quick_switches")
def test_caches_are_made_and_dropped_by_threads_while_others_fork(in_the_background: Any) -> None:
    stop = threading.Event()

    def make() -> None:
        while not stop.is_set():
            LRUCache[int, int](3).put(1, 1)

    for _ in range(3):
        in_the_background(make)
    try:
        codes = {exit_code_of_child(lambda: LRUCache[int, int](3).get(1) is None) for _ in range(60)}
    finally:
        stop.set()
    assert codes == {0}
    assert fork._forks_under_way == []


def test_an_interrupt_while_a_fork_waits_leaves_no_cache_locked(
    slow_keys: Any, in_the_background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SlowKey, "seconds", 1.0)
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: None)
    idle: LRUCache[str, int] = LRUCache(3)
    busy: LRUCache[Any, int] = LRUCache(3)
    late: LRUCache[str, int] = LRUCache(3)
    busy.put(SlowKey(1), 1)
    in_the_background(lambda: busy.put(SlowKey(2), 2))
    assert slow_keys.comparing.wait(LATEST_SECONDS)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        exit_code_of_child(lambda: True)
    finally:
        signal.signal(signal.SIGALRM, before)
    slow_keys.slow.clear()
    for cache in (idle, late):
        thread = threading.Thread(target=lambda cache=cache: cache.put("a", 1), daemon=True)
        thread.start()
        thread.join(LATEST_SECONDS)
        assert not thread.is_alive()
    thread = threading.Thread(target=lambda: LRUCache[str, int](3), daemon=True)
    thread.start()
    thread.join(LATEST_SECONDS)
    assert not thread.is_alive(), "and another cache can be made"
    assert fork._forks_under_way == []


def test_a_child_forks_again(in_the_background: Any) -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    cache.put("a", 1)
    assert exit_code_of_child(lambda: exit_code_of_child(lambda: cache.get("a") == 1) == 0) == 0


def test_threads_that_fork_at_the_same_time_all_come_back(in_the_background: Any) -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    codes: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait(LATEST_SECONDS)
        codes.extend(exit_code_of_child(lambda: cache.get_or_load("a", len) == 1) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LATEST_SECONDS)
    assert codes == [0] * 20


def test_a_function_that_remembers_nothing_counts_on_in_a_child_though_a_thread_was_counting(
    in_the_background: Any,
) -> None:
    calls = memoize._Calls()
    counting, go_on = threading.Event(), threading.Event()

    def count_slowly() -> None:
        with calls._lock:
            counting.set()
            go_on.wait(LATEST_SECONDS)

    in_the_background(count_slowly)
    assert counting.wait(LATEST_SECONDS)
    code = exit_code_of_child(lambda: calls.add_one() is None and calls.number == 1)
    go_on.set()
    assert code == 0
    calls.add_one()
    assert calls.number == 1


def test_a_child_fetches_a_file_that_a_thread_of_its_parent_was_fetching(
    tmp_path: Path, in_the_background: Any
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20, load_timeout_seconds=0.5)
    fetching, go_on = threading.Event(), threading.Event()

    def slow(target: IO[bytes]) -> None:
        target.write(b"parent")
        fetching.set()
        go_on.wait(LATEST_SECONDS)

    def opened_in_child() -> bool:
        assert not node_file_cache._fetches.flight_by_key, "it would wait for a thread that is not here"
        with files.open("a", "1", lambda target: target.write(b"child")) as lease:
            return lease.read() == b"child"

    in_the_background(lambda: files.open("a", "1", slow).close())
    assert fetching.wait(LATEST_SECONDS)
    assert exit_code_of_child(opened_in_child) == 0
    go_on.set()


def test_a_child_keeps_no_lock_file_that_a_thread_is_just_opening_or_closing(
    tmp_path: Path, in_the_background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock belongs to the open file: a child that kept it would wait for itself where it needs that lock."""
    path = tmp_path / "lock"
    for name in ("open", "close"):
        original = getattr(os, name)
        half_way = threading.Event()

        def slowly(*arguments: Any, original: Any = original, half_way: Any = half_way) -> Any:
            result = original(*arguments)
            half_way.set()
            time.sleep(0.2)
            return result

        with monkeypatch.context() as patched:
            patched.setattr(f"lakehouse.cache.host_lock.os.{name}", slowly)
            in_the_background(lambda: host_lock.close_lock_file(host_lock.open_lock_file(path)))
            assert half_way.wait(LATEST_SECONDS)
            patched.undo()
            assert exit_code_of_child(lambda: str(path) not in open_files()) == 0


def open_files() -> set[str]:
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return {os.readlink(link) for link in links if os.path.islink(link)}


@pytest.mark.usefixtures("quick_switches")
def test_a_child_gets_its_node_s_cache_while_threads_of_the_parent_make_theirs(
    tmp_path: Path, in_the_background: Any
) -> None:
    stop = threading.Event()

    def make() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            node_cache(NodeCacheSettings(directory=tmp_path / str(number % 50)))

    in_the_background(make)
    try:
        codes = {
            exit_code_of_child(lambda: node_cache(NodeCacheSettings(directory=tmp_path / "new")))
            for _ in range(40)
        }
    finally:
        stop.set()
    assert codes == {0}
