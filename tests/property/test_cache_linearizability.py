"""Histories of several threads are checked for an order in which one plain LRU cache gives the same answers.

The checker searches all orders that respect real time (Wing and Gong), remembering states it has been in.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lakehouse.cache import BufferedCache, CacheMap, LRUCache

THREADS = 4
CALLS_PER_THREAD = 6
CAPACITY = 2
KEYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One finished call: what was asked and answered, between which instants."""

    name: str
    key: int
    value: int
    answer: object
    began_ns: int
    ended_ns: int


State = tuple[tuple[int, int], ...]


def step(state: State, call: Call) -> tuple[State, object]:
    """Return the model's next state and answer: an LRU cache, least recently used first."""
    cache = OrderedDict(state)
    answer: object = None
    if call.name == "get" and call.key in cache:
        cache.move_to_end(call.key)
        answer = cache[call.key]
    elif call.name == "put":
        cache[call.key] = call.value
        cache.move_to_end(call.key)
        if len(cache) > CAPACITY:
            cache.popitem(last=False)
    elif call.name == "remove":
        answer = cache.pop(call.key, None) is not None
    elif call.name == "clear":
        cache.clear()
    return tuple(cache.items()), answer


def is_linearizable(history: list[Call]) -> bool:
    """Say whether some order of the calls, each after those that ended before it began, gives all the answers."""
    everything = (1 << len(history)) - 1
    seen: set[tuple[int, State]] = set()
    stack: list[tuple[int, State]] = [(0, ())]
    while stack:
        done, state = stack.pop()
        if done == everything:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        open_calls = [index for index in range(len(history)) if not done >> index & 1]
        first_end = min(history[index].ended_ns for index in open_calls)
        for index in open_calls:
            if history[index].began_ns <= first_end:
                following, answer = step(state, history[index])
                if answer == history[index].answer:
                    stack.append((done | 1 << index, following))
    return False


def record(cache: Any, seed: int) -> list[Call]:
    """Let threads call the cache at once; return what they saw."""
    history: list[Call] = []
    start = threading.Barrier(THREADS)

    def work(thread: int) -> None:
        random_numbers = random.Random(seed * THREADS + thread)
        start.wait()
        for number in range(CALLS_PER_THREAD):
            name = random_numbers.choices(["get", "put", "remove", "clear"], [6, 5, 1, 0.3])[0]
            key, value = random_numbers.randrange(KEYS), thread * 100 + number
            arguments = {"get": (key,), "put": (key, value), "remove": (key,), "clear": ()}[name]
            began_ns = time.perf_counter_ns()
            answer = getattr(cache, name)(*arguments)
            ended_ns = time.perf_counter_ns()
            history.append(
                Call(name=name, key=key, value=value, answer=answer, began_ns=began_ns, ended_ns=ended_ns)
            )

    threads = [threading.Thread(target=work, args=[thread]) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return history


def clock_that_lets_others_run() -> float:
    """Give up the interpreter in the middle of each get and put."""
    time.sleep(1e-6)
    return time.monotonic()


@pytest.fixture
def eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switching")
def test_the_plain_cache_is_linearizable() -> None:
    overlapping = 0
    for seed in range(150):
        cache: CacheMap[int, int] = LRUCache(CAPACITY, clock=clock_that_lets_others_run)
        history = record(cache, seed)
        assert is_linearizable(history), history
        overlapping += any(
            a.began_ns < b.ended_ns and b.began_ns < a.ended_ns
            for a in history
            for b in history
            if a is not b
        )
    assert overlapping > 50, "the histories say nothing unless calls overlap"


class LocklessLRU:
    """An LRU cache that looks right and has no lock."""

    def __init__(self) -> None:
        self.entries: OrderedDict[int, int] = OrderedDict()

    def get(self, key: int) -> int | None:
        if key not in self.entries:
            return None
        value = self.entries[key]
        time.sleep(0)
        if key in self.entries:
            self.entries.move_to_end(key)
        return value

    def put(self, key: int, value: int) -> None:
        if key not in self.entries and len(self.entries) >= CAPACITY:
            time.sleep(0)
            if self.entries:
                self.entries.popitem(last=False)
        self.entries[key] = value
        self.entries.move_to_end(key)

    def remove(self, key: int) -> bool:
        return self.entries.pop(key, None) is not None

    def clear(self) -> None:
        self.entries.clear()


@pytest.mark.usefixtures("eager_switching")
def test_the_checker_finds_a_cache_without_a_lock() -> None:
    assert not all(is_linearizable(record(LocklessLRU(), seed)) for seed in range(150))


@pytest.mark.usefixtures("eager_switching")
def test_readers_of_the_buffered_cache_never_see_an_older_value_than_before() -> None:
    cache: BufferedCache[int, int] = BufferedCache(CAPACITY)
    stop = threading.Event()
    went_back: list[tuple[int, int, int]] = []

    def read() -> None:
        newest = dict.fromkeys(range(KEYS), -1)
        while not stop.is_set():
            for key in range(KEYS):
                value = cache.get(key)
                if value is not None and value < newest[key]:
                    went_back.append((key, newest[key], value))
                newest[key] = newest[key] if value is None else value

    readers = [threading.Thread(target=read) for _ in range(THREADS)]
    for reader in readers:
        reader.start()
    for number in range(2000):
        cache.put(number % KEYS, number)
        if number % 17 == 0:
            cache.remove(number % KEYS)
        assert len(cache) <= CAPACITY
    stop.set()
    for reader in readers:
        reader.join()
    assert went_back == []
    seen = cache.statistics()
    assert seen.hits > 0
    assert seen.evictions > 0


def test_the_checker_refuses_a_stale_read() -> None:
    def call(name: str, value: int, answer: object, began_ns: int) -> Call:
        return Call(name=name, key=1, value=value, answer=answer, began_ns=began_ns, ended_ns=began_ns + 1)

    before = [call("put", 1, None, 0), call("put", 2, None, 10)]
    assert is_linearizable([*before, call("get", 0, 2, 20)])
    assert not is_linearizable([*before, call("get", 0, 1, 20)])
