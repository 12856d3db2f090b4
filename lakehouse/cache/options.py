"""What a cache in memory is made with: its bounds, how long values live, and who hears what leaves."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from numbers import Real
from typing import Generic, TypedDict, TypeVar, cast

from lakehouse.cache.entry import Removal
from lakehouse.cache.errors import CacheBoundError, InvalidDurationError
from lakehouse.cache.sizes import size_of

__all__ = ["DEFAULT_LOAD_TIMEOUT_SECONDS", "CacheKeywords", "CacheOptions", "check_duration"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DEFAULT_LOAD_TIMEOUT_SECONDS = 300.0


class CacheKeywords(TypedDict, Generic[K, V], total=False):
    """The options but the first, as keywords of every cache in memory; ``CacheOptions`` says what they mean."""

    max_bytes: int | None
    sizeof: Callable[[V], int]
    ttl_seconds: float | None
    load_timeout_seconds: float | None
    listener: Callable[[Removal[K, V]], None] | None
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheOptions(Generic[K, V]):
    """Options of one cache; at least one bound. Raises CacheBoundError, InvalidDurationError."""

    max_entries: int | None = None
    max_bytes: int | None = None
    """By ``sizeof``. Where this is the only bound, it is one on entries too: values of no bytes take memory."""
    sizeof: Callable[[V], int] = size_of
    """A whole number of at least 0 for each value; asked only if there is ``max_bytes``."""
    ttl_seconds: float | None = None
    """How long a value lives, above 0; None: until it is evicted."""
    load_timeout_seconds: float | None = DEFAULT_LOAD_TIMEOUT_SECONDS
    """How long a thread waits for the load of another one, above 0; None: for ever."""
    listener: Callable[[Removal[K, V]], None] | None = None
    """Called with each removal, outside the lock."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, never less than before."""

    def __post_init__(self) -> None:
        if self.max_entries is None and self.max_bytes is None:
            raise CacheBoundError(bound="max_entries and max_bytes", value=None)
        for name, bound in (("max_entries", self.max_entries), ("max_bytes", self.max_bytes)):
            if bound is not None and (type(bound) is not int or bound < 1):
                raise CacheBoundError(bound=name, value=bound)
        check_duration("ttl_seconds", self.ttl_seconds)
        check_duration("load_timeout_seconds", self.load_timeout_seconds)

    @property
    def most_entries(self) -> int:
        """The bound on entries, whether it was given or follows from the other one."""
        if self.max_entries is not None:
            return self.max_entries
        return sys.maxsize if self.max_bytes is None else self.max_bytes

    @property
    def most_bytes(self) -> int:
        """The bound on bytes; without one, as many as an index counts."""
        return sys.maxsize if self.max_bytes is None else self.max_bytes


def check_duration(name: str, seconds: object) -> None:
    """Raise InvalidDurationError unless ``seconds`` is None or a real number above 0; infinity is one."""
    if seconds is None:
        return
    is_number = isinstance(seconds, Real) and not isinstance(cast("object", seconds), bool)
    if not is_number or not cast("float", seconds) > 0:  # NaN is not above 0 either
        raise InvalidDurationError(option=name, value=seconds)
