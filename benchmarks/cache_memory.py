"""Gets and Zipf(1.0) work of the memory caches beside cachetools with its lock, at one and four threads.

Asked: the plain cache at least 0.8 of cachetools with a lock, the buffered one at least twice; functools.lru_cache
(C, and no put) stands beside them. All kinds take turns in each round; the table shows medians, by the CPU
time of the process, so that what else the machine does counts little.
"""

from __future__ import annotations

import functools
import gc
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Protocol

import cachetools

from lakehouse.cache import BufferedCache, LRUCache

CAPACITY = 10_000
DISTINCT = 100_000
REQUESTS = int(os.environ.get("REQUESTS", "200000"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
BASELINE = "cachetools + Lock, get()"


class Cache(Protocol):
    def get(self, key: int) -> Any: ...
    def put(self, key: int, value: int) -> None: ...


class LockedCachetools:
    """cachetools.LRUCache as its documentation tells to share it between threads."""

    def __init__(self) -> None:
        self.cache: cachetools.LRUCache[int, int] = cachetools.LRUCache(CAPACITY)
        self.lock = threading.Lock()

    def get(self, key: int) -> int | None:
        with self.lock:
            return self.cache.get(key)

    def put(self, key: int, value: int) -> None:
        with self.lock:
            self.cache[key] = value


class LockedCachetoolsItems(LockedCachetools):
    """The same by ``cache[key]``: a faster hit, and an exception for each miss."""

    def get(self, key: int) -> int | None:
        with self.lock:
            try:
                return self.cache[key]
            except KeyError:
                return None


class StandardLibrary:
    """functools.lru_cache, which computes on a miss: it has no put."""

    def __init__(self) -> None:
        self.get = functools.lru_cache(CAPACITY)(int)

    def put(self, key: int, value: int) -> None:
        self.get(key)


KINDS: dict[str, Callable[[], Cache]] = {
    BASELINE: LockedCachetools,
    "cachetools + Lock, []": LockedCachetoolsItems,
    "LRUCache": lambda: LRUCache(CAPACITY),
    "LRUCache by bytes": lambda: LRUCache(max_bytes=CAPACITY, sizeof=lambda value: 1),
    "BufferedCache": lambda: BufferedCache(CAPACITY),
    "functools.lru_cache (C)": StandardLibrary,
}


def get_hits(cache: Cache, keys: Sequence[int]) -> None:
    get = cache.get
    for key in keys:
        get(key)


def get_or_put(cache: Cache, keys: Sequence[int]) -> None:
    get, put = cache.get, cache.put
    for key in keys:
        if get(key) is None:
            put(key, 1)


def million_a_second(
    work: Callable[[Cache, Sequence[int]], None], cache: Cache, parts: list[list[int]]
) -> float:
    threads = [threading.Thread(target=work, args=[cache, part]) for part in parts]
    gc.collect()  # the caches of earlier runs are not this one's to clear away
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(map(len, parts)) / (time.process_time() - began) / 1e6


def filled(kind: str) -> Cache:
    cache = KINDS[kind]()
    for key in range(CAPACITY):
        cache.put(key, 1)
    return cache


def zipf_keys(seed: int) -> list[int]:
    weights = list(accumulate(1 / rank for rank in range(1, DISTINCT + 1)))
    return random.Random(seed).choices(range(DISTINCT), cum_weights=weights, k=REQUESTS)


def measure() -> dict[str, dict[str, list[float]]]:
    """Return million requests a second: by kind, by column, one for each round."""
    found: dict[str, dict[str, list[float]]] = {kind: {} for kind in KINDS}
    uniform = [random.Random(seed).choices(range(CAPACITY), k=REQUESTS) for seed in range(4)]
    zipf = [zipf_keys(seed) for seed in range(4)]
    for _ in range(ROUNDS):
        for kind in KINDS:
            for threads in (1, 4):
                share = REQUESTS // threads
                hits = million_a_second(get_hits, filled(kind), [keys[:share] for keys in uniform[:threads]])
                found[kind].setdefault(f"hit ×{threads}", []).append(hits)
                work = million_a_second(get_or_put, KINDS[kind](), [keys[:share] for keys in zipf[:threads]])
                found[kind].setdefault(f"Zipf ×{threads}", []).append(work)
    return found


def cell(rounds: list[float], baseline: list[float]) -> str:
    median = statistics.median(rounds)
    return f"{median:.2f} {median / statistics.median(baseline):.2f}/{max(rounds) / max(baseline):.2f}"


def nanoseconds_of(action: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(200_000):
        action()
    return (time.process_time_ns() - began) / 200_000


def main() -> None:
    found = measure()
    columns = list(found[BASELINE])
    print(f"{REQUESTS} requests, {ROUNDS} rounds, Python {sys.version.split()[0]}")
    print("million a second: median, ratio of medians / of the best rounds")
    print(f"{'':26}" + "".join(f"{column:>18}" for column in columns))
    for kind, rounds in found.items():
        cells = (cell(rounds[column], found[BASELINE][column]) for column in columns)
        print(f"{kind:26}" + "".join(f"{each:>18}" for each in cells))
    clock, call = nanoseconds_of(time.monotonic), nanoseconds_of(os.getppid)
    print(f"time.monotonic() {clock:.0f} ns, a system call (getppid) {call:.0f} ns")


if __name__ == "__main__":
    main()
