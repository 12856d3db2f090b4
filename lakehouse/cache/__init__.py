"""Keep what was expensive to get, in memory and on the node's disk. Never wrong, only slow; no Spark here."""

from lakehouse.cache.buffered_cache import BufferedCache
from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.entry import CacheEntry, Removal, RemovalCause
from lakehouse.cache.errors import (
    CacheBoundError,
    CacheError,
    LockMisuseError,
    LockTimeoutError,
    NothingToEvictError,
    RecursiveLoadError,
    UnknownSizeError,
    ValueTooLargeError,
)
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.fifo_policy import FIFOPolicy
from lakehouse.cache.lfu_policy import LFUPolicy
from lakehouse.cache.lru_cache import LRUCache
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.memoize import cached
from lakehouse.cache.read_write_lock import ReadWriteLock
from lakehouse.cache.sieve_policy import SIEVEPolicy
from lakehouse.cache.statistics import CacheStatistics

__all__ = [
    "BufferedCache",
    "CacheBoundError",
    "CacheEntry",
    "CacheError",
    "CacheMap",
    "CacheStatistics",
    "EvictionPolicy",
    "FIFOPolicy",
    "LFUPolicy",
    "LRUCache",
    "LRUPolicy",
    "LockMisuseError",
    "LockTimeoutError",
    "NothingToEvictError",
    "ReadWriteLock",
    "RecursiveLoadError",
    "Removal",
    "RemovalCause",
    "SIEVEPolicy",
    "UnknownSizeError",
    "ValueTooLargeError",
    "cached",
]
