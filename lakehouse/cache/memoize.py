"""Remember what a function returned: functools.lru_cache's shape, with one call for all threads that wait."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, ParamSpec, Protocol, TypedDict, TypeVar, cast, overload

from lakehouse.cache import fork
from lakehouse.cache.lru_cache import LRUCache
from lakehouse.cache.options import DEFAULT_LOAD_TIMEOUT_SECONDS, CacheKeywords, CacheOptions
from lakehouse.cache.single_use import refuse_single_use_function

__all__ = ["CacheInfo", "CacheParameters", "MemoizedFunction", "cached"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_ABSENT: Any = object()
_KEYWORDS_FOLLOW = object()


class CacheInfo(NamedTuple):
    """The four numbers of functools.lru_cache, under its names."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class CacheParameters(TypedDict):
    """What the decorator was given, under the names of functools.lru_cache."""

    maxsize: int | None
    typed: bool


class MemoizedFunction(Protocol[P, R_co]):
    """A function that remembers."""

    __wrapped__: Callable[..., Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return what the function returned for equal arguments, or call it."""

    def cache_info(self) -> CacheInfo:
        """Return the counts since the last ``cache_clear``."""

    def cache_clear(self) -> None:
        """Forget everything, counts too."""

    def cache_parameters(self) -> CacheParameters:
        """Return what the decorator was given."""


@overload
def cached(maxsize: Callable[P, R], typed: bool = ...) -> MemoizedFunction[P, R]: ...
@overload
def cached(
    maxsize: int | None = ...,
    typed: bool = ...,
    *,
    ttl_seconds: float | None = ...,
    load_timeout_seconds: float | None = ...,
) -> Callable[[Callable[P, R]], MemoizedFunction[P, R]]: ...
def cached(
    maxsize: Any = 128,
    typed: bool = False,  # noqa: FBT001, FBT002, RUF100  # positional, as functools has it
    *,
    ttl_seconds: float | None = None,
    load_timeout_seconds: float | None = DEFAULT_LOAD_TIMEOUT_SECONDS,
) -> Any:
    """Remember the last ``maxsize`` results (None: all), each for ``ttl_seconds`` if given.

    As functools.lru_cache, but threads that ask for the same call at once share one call, and its exception.
    A call that needs its own result is made again, inside the first. Raises SingleUseValueError for a
    coroutine or generator function, InvalidDurationError.
    """
    options = CacheKeywords[Hashable, Any](ttl_seconds=ttl_seconds, load_timeout_seconds=load_timeout_seconds)
    if callable(maxsize):
        return _memoize(maxsize, maxsize=128, typed=typed, options=options)
    bound = None if maxsize is None else max(maxsize, 0)
    return functools.partial(_memoize, maxsize=bound, typed=typed, options=options)


def _memoize(
    function: Callable[..., Any], *, maxsize: int | None, typed: bool, options: CacheKeywords[Hashable, Any]
) -> Any:
    refuse_single_use_function(function)
    CacheOptions(max_entries=1, **options)  # says what is wrong where it is written, used or not
    if maxsize == 0:
        wrapper = _only_counting(function)
    else:
        wrapper = _remembering(function, maxsize=maxsize, typed=typed, options=options)
    wrapper.cache_parameters = lambda: CacheParameters(maxsize=maxsize, typed=typed)
    return functools.update_wrapper(wrapper, function)


def _remembering(
    function: Callable[..., Any], *, maxsize: int | None, typed: bool, options: CacheKeywords[Hashable, Any]
) -> Any:
    def empty() -> LRUCache[Hashable, Any]:
        return LRUCache(sys.maxsize if maxsize is None else maxsize, **options)

    cache = empty()

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        def call(_key: Hashable = None) -> Any:
            return function(*args, **kwargs)

        return cache.get_or_load(_call_key(args, kwargs, typed=typed), call, on_recursion=call)

    def cache_info() -> CacheInfo:
        seen = cache.statistics()
        return CacheInfo(seen.hits, seen.misses, maxsize, seen.entries)

    def cache_clear() -> None:
        nonlocal cache
        cache = empty()

    memoized = cast("Any", wrapper)
    memoized.cache_info = cache_info
    memoized.cache_clear = cache_clear
    return memoized


def _only_counting(function: Callable[..., Any]) -> Any:
    calls = _Calls()

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls.add_one()
        return function(*args, **kwargs)

    memoized = cast("Any", wrapper)
    memoized.cache_info = lambda: CacheInfo(0, calls.number, 0, 0)
    memoized.cache_clear = calls.forget
    return memoized


class _Calls:
    """How often a function was called, by any thread."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.RLock()
        fork.register(self)

    def add_one(self) -> None:
        with self._lock:
            self.number += 1

    def forget(self) -> None:
        self.number = 0

    def before_fork(self, *, timeout_seconds: float) -> bool:
        return self._lock.acquire(timeout=timeout_seconds)

    def after_fork(self, *, in_child: bool, is_whole: bool) -> None:
        if is_whole:
            self._lock.release()
        elif in_child:
            self._lock = threading.RLock()


class _CallKey(tuple[Any, ...]):
    """The parts of a call, hashed once: an argument's slow or strange ``__hash__`` runs once a call."""

    hash: int

    def __hash__(self) -> int:
        return self.hash


def _call_key(args: tuple[Any, ...], kwargs: dict[str, Any], *, typed: bool) -> Hashable:
    parts = args
    if kwargs:
        parts += (_KEYWORDS_FOLLOW, *(part for item in kwargs.items() for part in item))
    if typed:
        parts += (_KEYWORDS_FOLLOW, *map(type, args), *map(type, kwargs.values()))
    elif parts.__len__() == 1 and type(parts[0]) in (int, str):  # len() itself may be what is remembered
        return cast("Hashable", parts[0])
    key = _CallKey(parts)
    key.hash = hash(parts)
    return key
