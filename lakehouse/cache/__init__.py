"""Keep what was expensive to get, in memory and on the node's disk. Never wrong, only slow.

No Spark here but in ``spark_task``, which is loaded when ``on_node`` or ``cache_statistics`` is first used; nor
is Arrow loaded before ``arrow_file`` is.
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
    InvalidDurationError,
    InvalidSizeError,
    LoadTimeoutError,
    LockMisuseError,
    LockTimeoutError,
    NothingToEvictError,
    RecursiveLoadError,
    SingleUseValueError,
    SourceChangedError,
    TruncatedDownloadError,
    UnknownSizeError,
    ValueTooLargeError,
)
from lakehouse.cache.eviction_policy import EvictionPolicy
from lakehouse.cache.fetching import Fetch
from lakehouse.cache.fifo_policy import FIFOPolicy
from lakehouse.cache.lease import Lease
from lakehouse.cache.lfu_policy import LFUPolicy
from lakehouse.cache.lru_cache import LRUCache
from lakehouse.cache.lru_policy import LRUPolicy
from lakehouse.cache.memoize import cached
from lakehouse.cache.node_cache import DIRECTORY as CACHE_DIRECTORY_PROPERTY
from lakehouse.cache.node_cache import NodeCache, NodeCacheSettings
from lakehouse.cache.node_file_cache import NodeFileCache
from lakehouse.cache.node_statistics import NodeStatistics
from lakehouse.cache.options import CacheOptions
from lakehouse.cache.prefetch import FileToFetch, Prefetch
from lakehouse.cache.read_write_lock import ReadWriteLock
from lakehouse.cache.reference_file import ReferenceFile
from lakehouse.cache.sieve_policy import SIEVEPolicy
from lakehouse.cache.statistics import CacheStatistics
from lakehouse.cache.stored_files import file_to_fetch, open_object

__all__ = [
    "CACHE_DIRECTORY_PROPERTY",
    "BufferedCache",
    "CacheBoundError",
    "CacheEntry",
    "CacheError",
    "CacheMap",
    "CacheOptions",
    "CacheSettingError",
    "CacheStatistics",
    "CacheUnusableWarning",
    "EvictionPolicy",
    "FIFOPolicy",
    "Fetch",
    "FileToFetch",
    "InvalidDurationError",
    "InvalidSizeError",
    "LFUPolicy",
    "LRUCache",
    "LRUPolicy",
    "Lease",
    "LoadTimeoutError",
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
    "SingleUseValueError",
    "SourceChangedError",
    "TruncatedDownloadError",
    "UnknownSizeError",
    "ValueTooLargeError",
    "arrow_file",
    "cache_statistics",
    "cached",
    "file_to_fetch",
    "on_node",
    "open_object",
]

_MODULE_BY_LATE_NAME = {
    "arrow_file": "lakehouse.cache.arrow",
    "cache_statistics": "lakehouse.cache.spark_task",
    "on_node": "lakehouse.cache.spark_task",
}


def __getattr__(name: str) -> Any:
    if name in _MODULE_BY_LATE_NAME:
        return getattr(importlib.import_module(_MODULE_BY_LATE_NAME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
