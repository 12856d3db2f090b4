"""A small file that every task looks something up in: the driver ships its name and version, not its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TypeVar

from lakehouse.cache.lease import Lease
from lakehouse.cache.node_cache import NodeCache
from lakehouse.cache.stored_files import file_to_fetch
from lakehouse.settings import StorageSettings
from lakehouse.storage import ObjectStat, known_settings, locate, parse_uri

__all__ = ["ReferenceFile"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """One state of a file in a store. All tasks of a query see this one, or fail with SourceChangedError."""

    uri: str
    seen: ObjectStat
    settings: StorageSettings | None
    """How to reach the store; the driver's registrations don't exist in a worker."""

    @classmethod
    def at(cls, uri: str) -> ReferenceFile:
        """Return the file as it is now, without reading it. Raises NotFoundError, InvalidUriError."""
        settings = known_settings(parse_uri(uri))
        store, key = locate(uri, settings=settings)
        return cls(uri=store.uri(key), seen=store.stat(key), settings=settings)

    def load(self, node: NodeCache, parse: Callable[[Lease], T]) -> T:
        """Return what ``parse`` makes of it: fetched once by each node, parsed once by each worker.

        It is shared by all tasks of the worker: don't change it. ``parse`` must be a function of a module.
        """
        return node.load(self.uri, self.seen.etag, self._fetch, parse)

    def _fetch(self, target: IO[bytes]) -> None:
        store, key = locate(self.uri, settings=self.settings)
        file_to_fetch(store, key, self.seen).fetch(target)
