"""The two levels a worker process has: parsed objects in its memory, files on its node's disk."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from lakehouse.cache.entry import Removal, RemovalCause
from lakehouse.cache.errors import CacheSettingError
from lakehouse.cache.fetching import Fetch
from lakehouse.cache.lease import Lease
from lakehouse.cache.lru_cache import LRUCache
from lakehouse.cache.node_file_cache import NodeFileCache
from lakehouse.cache.single_use import refuse_single_use

__all__ = ["NodeCache", "NodeCacheSettings", "node_cache"]

T = TypeVar("T")

DIRECTORY = "spark.lakehouse.cache.dir"
MIN_FREE_BYTES = "spark.lakehouse.cache.minFreeBytes"
MAX_BYTES = "spark.lakehouse.cache.maxBytes"
ENABLED = "spark.lakehouse.cache.enabled"
MEMORY_ENTRIES = "spark.lakehouse.cache.memoryEntries"
VARIABLE_BY_KEY = {
    DIRECTORY: "LAKEHOUSE_CACHE_DIR",
    MAX_BYTES: "LAKEHOUSE_CACHE_MAX_BYTES",
    MIN_FREE_BYTES: "LAKEHOUSE_CACHE_MIN_FREE_BYTES",
    ENABLED: "LAKEHOUSE_CACHE_ENABLED",
    MEMORY_ENTRIES: "LAKEHOUSE_CACHE_MEMORY_ENTRIES",
}
DEFAULT_MAX_BYTES = 10 << 30
DEFAULT_MEMORY_ENTRIES = 256

_BYTES = re.compile(r"([0-9]+)\s*([kmgt]?)b?", re.IGNORECASE)
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCacheSettings:
    """Where the node's cache lies and how large it may grow."""

    directory: Path
    max_bytes: int = DEFAULT_MAX_BYTES
    min_free_bytes: int | None = None
    """Free space that the cache leaves on the disk; None: a hundredth of it."""
    enabled: bool = True
    memory_entries: int = DEFAULT_MEMORY_ENTRIES

    @classmethod
    def read(
        cls, property_of: Callable[[str], str | None], environment: Mapping[str, str] | None = None
    ) -> NodeCacheSettings:
        """Take each setting from Spark's properties, else the environment, else the default.

        Raises CacheSettingError.
        """
        variables = os.environ if environment is None else environment

        def value_of(key: str) -> str | None:
            return property_of(key) or variables.get(VARIABLE_BY_KEY[key])

        return cls(
            directory=Path(value_of(DIRECTORY) or _default_directory()),
            max_bytes=_as_bytes(MAX_BYTES, value_of(MAX_BYTES), DEFAULT_MAX_BYTES),
            min_free_bytes=_as_bytes(MIN_FREE_BYTES, value_of(MIN_FREE_BYTES), None, least=0),
            enabled=_as_boolean(ENABLED, value_of(ENABLED)),
            memory_entries=_as_bytes(MEMORY_ENTRIES, value_of(MEMORY_ENTRIES), DEFAULT_MEMORY_ENTRIES),
        )


class NodeCache:
    """What a task uses: ``load`` for parsed reference data, ``files`` for plain files."""

    def __init__(self, settings: NodeCacheSettings) -> None:
        self.settings = settings
        self.files = NodeFileCache(
            settings.directory,
            max_bytes=settings.max_bytes,
            min_free_bytes=settings.min_free_bytes,
            enabled=settings.enabled,
        )
        self._objects: LRUCache[Hashable, Any] = LRUCache(
            settings.memory_entries, listener=self._note_removal
        )

    def load(self, uri: str, version: str, fetch: Fetch, parse: Callable[[Lease], T]) -> T:
        """Return what ``parse`` makes of the file, from memory, else from the disk's copy, else by ``fetch``.

        The object is shared by all tasks of this process: don't change it. It is known by ``parse`` itself:
        give a function of a module, as a function made in each task is another one each time.
        """
        key = (uri, version, parse)

        def read_and_parse(_key: Hashable) -> T:
            self.files.counters.add("memory_loads")
            with self.files.open(uri, version, fetch) as lease:
                parsed = parse(lease)
            # Found in memory or not, enabled or not: what is parsed must be the same thing for everybody.
            refuse_single_use(
                parsed, what=f"parse of {uri!r}", fix="let parse return what it read, as a list."
            )
            return parsed

        if not self.settings.enabled:
            return read_and_parse(key)
        value = self._objects.get(key, _ABSENT)
        if value is not _ABSENT:
            self.files.counters.add("memory_hits")
            return cast("T", value)
        self.files.counters.add("memory_misses")
        return cast("T", self._objects.get_or_load(key, read_and_parse))

    def _note_removal(self, removal: Removal[Hashable, Any]) -> None:
        if removal.cause is RemovalCause.EVICTED:
            self.files.counters.add("memory_evictions")


_node_cache_by_settings: dict[NodeCacheSettings, NodeCache] = {}


def node_cache(settings: NodeCacheSettings) -> NodeCache:
    """Return this process's cache with these settings: one, however often it is asked for."""
    found = _node_cache_by_settings.get(settings)
    # No lock, which a forked child would find held: of two that are made at once, one is used and costs nothing.
    return found or _node_cache_by_settings.setdefault(settings, NodeCache(settings))


def _default_directory() -> str:
    return os.path.join(tempfile.gettempdir(), f"lakehouse-cache-{os.getuid()}")


N = TypeVar("N", int, None)


def _as_bytes(key: str, value: str | None, default: N, *, least: int = 1) -> int | N:
    if value is None:
        return default
    match = _BYTES.fullmatch(value.strip())
    number = int(match[1]) << _SHIFT[match[2].lower()] if match else -1
    if number < least:
        raise CacheSettingError(
            key=key, value=value, expected=f"a whole number of at least {least}, such as 500m or 20g"
        )
    return number


def _as_boolean(key: str, value: str | None) -> bool:
    if value is None or value.lower() == "true":
        return True
    if value.lower() == "false":
        return False
    raise CacheSettingError(key=key, value=value, expected="true or false")
