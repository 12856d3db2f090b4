"""Keep what was expensive to get, in memory and on the node's disk. Never wrong, only slow; no Spark here."""

from lakehouse.cache.errors import CacheError, LockMisuseError, LockTimeoutError
from lakehouse.cache.read_write_lock import ReadWriteLock

__all__ = ["CacheError", "LockMisuseError", "LockTimeoutError", "ReadWriteLock"]
