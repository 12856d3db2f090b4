"""Keep what was expensive to get, in memory and on the node's disk. Never wrong, only slow.

No Spark here but in ``spark_task``, which is loaded when ``on_node`` or ``cache_statistics`` is first used.
"""

import importlib
from typing import Any

from lakehouse.cache.buffered_cache import BufferedCache
from lakehouse.cache.cache_map import CacheMap
from lakehouse.cache.entry import CacheEntry, Removal, RemovalCause
from lakehouse.cache.errors import (
    CacheBoundError,
    CacheError,
    CacheSettingError,
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
from lakehouse.cache.node_cache import NodeCache, NodeCacheSettings
from lakehouse.cache.node_file_cache import NodeFileCache
from lakehouse.cache.node_statistics import NodeStatistics
from lakehouse.cache.prefetch import FileToFetch, Prefetch
from lakehouse.cache.read_write_lock import ReadWriteLock
from lakehouse.cache.reference_file import ReferenceFile
from lakehouse.cache.sieve_policy import SIEVEPolicy
from lakehouse.cache.statistics import CacheStatistics
from lakehouse.cache.stored_files import file_to_fetch, open_object

__all__ = [
    "BufferedCache",
    "CacheBoundError",
    "CacheEntry",
    "CacheError",
    "CacheMap",
    "CacheSettingError",
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
    "NodeCache",
    "NodeCacheSettings",
    "NodeFileCache",
    "NodeStatistics",
    "NothingToEvictError",
    "Prefetch",
    "ReadWriteLock",
    "RecursiveLoadError",
    "ReferenceFile",
    "Removal",
    "RemovalCause",
    "SIEVEPolicy",
    "SourceChangedError",
    "TruncatedDownloadError",
    "UnknownSizeError",
    "ValueTooLargeError",
    "cache_statistics",
    "cached",
    "file_to_fetch",
    "on_node",
    "open_object",
]


def __getattr__(name: str) -> Any:
    if name in ("cache_statistics", "on_node"):
        return getattr(importlib.import_module("lakehouse.cache.spark_task"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
