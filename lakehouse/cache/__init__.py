"""Keep what was expensive to get, in memory and on the node's disk. Never wrong, only slow; no Spark here."""

from lakehouse.cache.buffered_cache import BufferedCache
from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.entry import CacheEntry, Removal, RemovalCause
from lakehouse.cache.errors import (
    CacheBoundError,
    CacheError,
    CacheUnusableWarning,
    LockMisuseError,
    LockTimeoutError,
    NothingToEvictError,
    RecursiveLoadError,
    SourceChangedError,
    TruncatedDownloadError,
    UnknownSizeError,
    ValueTooLargeError,
)
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.fifo_policy import FIFOPolicy
from lakehouse.cache.lease import Lease
from lakehouse.cache.lfu_policy import LFUPolicy
from lakehouse.cache.lru_cache import LRUCache
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.memoize import cached
from lakehouse.cache.node_file_cache import NodeFileCache
from lakehouse.cache.node_statistics import NodeStatistics
from lakehouse.cache.prefetch import FileToFetch, Prefetch
from lakehouse.cache.read_write_lock import ReadWriteLock
from lakehouse.cache.sieve_policy import SIEVEPolicy
from lakehouse.cache.statistics import CacheStatistics
from lakehouse.cache.stored_files import file_to_fetch, open_object

__all__ = [
    "BufferedCache",
    "CacheBoundError",
    "CacheEntry",
    "CacheError",
    "CacheMap",
    "CacheStatistics",
    "CacheUnusableWarning",
    "EvictionPolicy",
    "FIFOPolicy",
    "FileToFetch",
    "LFUPolicy",
    "LRUCache",
    "LRUPolicy",
    "Lease",
    "LockMisuseError",
    "LockTimeoutError",
    "NodeFileCache",
    "NodeStatistics",
    "NothingToEvictError",
    "Prefetch",
    "ReadWriteLock",
    "RecursiveLoadError",
    "Removal",
    "RemovalCause",
    "SIEVEPolicy",
    "SourceChangedError",
    "TruncatedDownloadError",
    "UnknownSizeError",
    "ValueTooLargeError",
    "cached",
    "file_to_fetch",
    "open_object",
]
