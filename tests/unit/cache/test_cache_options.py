"""What a cache in memory is made with: options that make no sense are refused where they are given."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from lakehouse.cache import (
    BufferedCache,
    CacheBoundError,
    CacheMap,
    CacheOptions,
    FIFOPolicy,
    InvalidDurationError,
    InvalidSizeError,
    LRUCache,
    NodeFileCache,
    cached,
)

KINDS: dict[str, Callable[..., CacheMap[Any, Any]]] = {
    "LRUCache": LRUCache,
    "BufferedCache": BufferedCache,
    "FIFO": partial(CacheMap, policy=FIFOPolicy),
}
SENSELESS = [-1, 0, math.nan, -math.inf, "60", True, timedelta(seconds=5), 1j]


@pytest.fixture(params=sorted(KINDS))
def make(request: pytest.FixtureRequest) -> Callable[..., CacheMap[Any, Any]]:
    return KINDS[request.param]


@pytest.mark.parametrize("seconds", SENSELESS, ids=repr)
@pytest.mark.parametrize("option", ["ttl_seconds", "load_timeout_seconds"])
def test_the_constructor_refuses_a_duration_that_is_not_above_0(
    make: Callable[..., CacheMap[Any, Any]], option: str, seconds: Any
) -> None:
    with pytest.raises(InvalidDurationError, match=rf"^{option} is .* of seconds above 0\. Fix: give"):
        make(max_entries=3, **{option: seconds})


@pytest.mark.parametrize("seconds", SENSELESS, ids=repr)
def test_a_time_to_live_of_one_value_is_checked_too_and_before_anything_is_loaded(
    make: Callable[..., CacheMap[Any, Any]], seconds: Any
) -> None:
    cache = make(max_entries=3)
    with pytest.raises(InvalidDurationError):
        cache.put("a", 1, ttl_seconds=seconds)
    with pytest.raises(InvalidDurationError):
        cache.get_or_load("a", lambda key: pytest.fail("loaded"), ttl_seconds=seconds)
    assert len(cache) == 0


@pytest.mark.parametrize("maxsize", [0, 128, None])
def test_a_decorator_is_refused_its_senseless_time_to_live_where_it_is_written(maxsize: int | None) -> None:
    with pytest.raises(InvalidDurationError):
        cached(maxsize, ttl_seconds=-1)(len)


def test_an_infinite_time_to_live_is_one_without_an_end() -> None:
    cache: LRUCache[str, int] = LRUCache(3, ttl_seconds=math.inf)
    cache.put("a", 1)
    assert cache.get("a") == 1


@pytest.mark.parametrize("size", [-1, math.nan, 1.5, "3", None, True], ids=repr)
def test_a_size_must_be_a_whole_number_from_0_or_nothing_is_held(
    make: Callable[..., CacheMap[Any, Any]], size: Any
) -> None:
    cache = make(max_bytes=10, sizeof=lambda value: size)
    with pytest.raises(
        InvalidSizeError, match=r"^sizeof returned .* for the value of 'a'; .* Fix: let sizeof"
    ):
        cache.put("a", 1)
    with pytest.raises(InvalidSizeError):
        cache.get_or_load("a", lambda key: 1)
    assert (len(cache), cache.statistics().size_bytes) == (0, 0)


def test_a_size_may_be_any_whole_number_numpy_s_too(make: Callable[..., CacheMap[Any, Any]]) -> None:
    numpy = pytest.importorskip("numpy")
    cache = make(max_bytes=10, sizeof=lambda value: numpy.int32(4))
    for key in range(5):
        cache.put(key, key)
    assert (len(cache), cache.statistics().size_bytes) == (2, 8)


def test_values_of_no_bytes_are_bounded_too_as_each_takes_memory(
    make: Callable[..., CacheMap[int, bytes]],
) -> None:
    cache = make(max_bytes=10)
    for key in range(1000):
        cache.put(key, b"")
    assert len(cache) == 10


def test_bounds_are_refused_by_the_options_themselves() -> None:
    for bounds in ({}, {"max_entries": 0}, {"max_bytes": True}):
        with pytest.raises(CacheBoundError):
            CacheOptions(**bounds)


def test_a_cache_tells_its_options_and_a_pickled_one_has_the_same(
    make: Callable[..., CacheMap[Any, Any]],
) -> None:
    cache = make(max_entries=2, max_bytes=50, ttl_seconds=5, load_timeout_seconds=7)
    copy = pickle.loads(pickle.dumps(cache))
    assert (
        copy.options
        == cache.options
        == CacheOptions(max_entries=2, max_bytes=50, ttl_seconds=5, load_timeout_seconds=7)
    )
    cache.put("a", b"1")
    copy.put("a", b"1")
    copy.get("a")
    for other in ("b", "c"):
        copy.put(other, b"2")
    assert copy.peek("a") is None, "the policy came along: each of these evicts the oldest here"


def test_a_pickled_subclass_keeps_its_policy() -> None:
    copy = pickle.loads(pickle.dumps(Subclass(max_entries=2, policy=FIFOPolicy)))
    assert type(copy) is Subclass
    for key in ("a", "b", "a", "c"):
        copy.get_or_load(key, len)
    assert copy.peek("a") is None, "first in, first out, although it was used again"


class Subclass(CacheMap[str, int]):
    """A cache of somebody's own."""


@pytest.mark.parametrize("option", ["max_entry", "policy"])
def test_an_option_that_does_not_exist_is_an_error_of_the_call(option: str) -> None:
    with pytest.raises(TypeError, match=option):
        LRUCache(3, **{option: 1})  # type: ignore[arg-type]


def test_a_file_cache_refuses_a_senseless_time_out(tmp_path: Any) -> None:
    with pytest.raises(InvalidDurationError, match="load_timeout_seconds is -1"):
        NodeFileCache(tmp_path, max_bytes=1 << 20, load_timeout_seconds=-1)
