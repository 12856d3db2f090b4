"""On recorded access traces, the hits are exactly those of an LRU cache, at every capacity.

The oracle is a stack-distance computation made outside this project; the data is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from access_traces import BYTES_TRACE, VARIABLE, keys_of, reference, sized_requests

from lakehouse.cache import BufferedCache, CacheMap, LRUCache

KINDS: list[type[CacheMap[Any, Any]]] = [LRUCache, BufferedCache]
LONG_REQUESTS = 60_000
COUNTED = {name: facts for name, facts in reference().items() if "hits" in facts}
SHORT = sorted(name for name, facts in COUNTED.items() if facts["requests"] <= LONG_REQUESTS)
LONG = sorted(name for name in COUNTED if name not in SHORT)

needs_data = pytest.mark.skipif(
    not COUNTED, reason=f"{VARIABLE} names no folder with cache/lru_reference.json"
)


def hits_of(cache: CacheMap[int, int], keys: list[int]) -> int:
    get, put = cache.get, cache.put
    for key in keys:
        if get(key) is None:
            put(key, 1)
    seen = cache.statistics()
    assert seen.requests == len(keys)
    return seen.hits


def compare(kind: Callable[..., CacheMap[int, int]], name: str) -> None:
    keys = keys_of(name)
    expected = {int(capacity): hits for capacity, hits in COUNTED[name]["hits"].items()}
    assert len(keys) == COUNTED[name]["requests"]
    assert {capacity: hits_of(kind(max_entries=capacity), keys) for capacity in expected} == expected


@needs_data
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SHORT or ["no data"])
def test_hits_on_a_short_trace_are_those_of_the_reference(kind: type[CacheMap[int, int]], name: str) -> None:
    compare(kind, name)


@needs_data
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LONG or ["no data"])
def test_hits_on_a_long_trace_are_those_of_the_reference(kind: type[CacheMap[int, int]], name: str) -> None:
    compare(kind, name)


@needs_data
@pytest.mark.parametrize("kind", KINDS)
def test_misses_and_missed_bytes_are_those_of_the_reference(kind: type[CacheMap[int, int]]) -> None:
    facts = next(facts for name, facts in reference().items() if name.startswith(BYTES_TRACE))
    requests = list(sized_requests(BYTES_TRACE))
    for mebibytes, expected_misses in facts["miss"].items():
        cache = kind(max_bytes=int(mebibytes) << 20, sizeof=int)
        missed_bytes = 0
        for key, size_bytes in requests:
            if cache.get(key) is None:
                missed_bytes += size_bytes
                cache.put(key, size_bytes)
        assert cache.statistics().misses == expected_misses
        assert missed_bytes == facts["miss_bytes"][mebibytes]
