"""Copies of immutable files on the node's disk, shared by all processes of the host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from lakehouse.cache import fork
from lakehouse.cache.cache_folder import CacheFolder, OpenFolder
from lakehouse.cache.disk_bounds import DiskBounds
from lakehouse.cache.download import Download, checksum_of
from lakehouse.cache.errors import LoadTimeoutError
from lakehouse.cache.fetching import Fetch, fetched
from lakehouse.cache.lease import Lease
from lakehouse.cache.node_statistics import NodeCounters, NodeStatistics
from lakehouse.cache.options import DEFAULT_LOAD_TIMEOUT_SECONDS, check_duration
from lakehouse.cache.prefetch import FileToFetch, Prefetch
from lakehouse.cache.session import statistics_of_all
from lakehouse.cache.single_flight import SingleFlight
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import Digest, digest_of

__all__ = ["NodeFileCache"]

LAYOUT = "layout-1"
"""Another version of this code with another layout uses another folder, and they don't meet."""
MOST_KNOWN = 100_000

_fetches: SingleFlight[tuple[Path, Digest], None] = SingleFlight()
"""Who fetches what in this process: over all caches, as two of them may share a folder."""


class _Known(NamedTuple):
    """A file this process has opened, and found to be whole."""

    folder: OpenFolder
    """As it was then: after it was deleted and set up again, its index is another one."""
    path: str
    size_bytes: int
    digest: Digest
    table: SlotTable
    position: int


class NodeFileCache:
    """At most ``max_bytes`` of copies below ``directory``; the least recently used by any process go first.

    Keyed by address and version, so that a copy is never out of date: a changed file is another key. A hit
    takes no lock; on a miss one process fetches and the others wait, ``load_timeout_seconds`` at most: then
    they fetch too. Each process checks a copy's checksum when it first opens it. Whatever happens to the
    folder, ``open`` gives the file, at worst from its source; not ``enabled``, always from there.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        max_bytes: int,
        min_free_bytes: int | None = None,
        load_timeout_seconds: float | None = DEFAULT_LOAD_TIMEOUT_SECONDS,
        enabled: bool = True,
    ) -> None:
        """Bound the copies by the blocks they take, and leave ``min_free_bytes`` of the disk (None: 1 %) free.

        Raises CacheBoundError, CacheSettingError, InvalidDurationError.
        """
        check_duration("load_timeout_seconds", load_timeout_seconds)
        self._bounds = DiskBounds(max_bytes=max_bytes, min_free_bytes=min_free_bytes)
        self._folder = CacheFolder(
            Path(os.path.abspath(directory)) / LAYOUT, bounds=self._bounds, enabled=enabled
        )
        self._load_timeout_seconds = load_timeout_seconds
        self._known: dict[tuple[str, str], _Known] = {}
        fork.register(self)

    def open(self, uri: str, version: str, fetch: Fetch, *, size_bytes: int | None = None) -> Lease:
        """Return the file, from the cache or by ``fetch``; close what you get.

        ``version`` must change whenever the content does: of a Delta file size and modification time, of an
        object the ETag. With ``size_bytes``, a fetch that brings another number raises
        TruncatedDownloadError. What ``fetch`` raises is raised here, and nothing is kept. Raises
        RecursiveLoadError for a fetch that needs its own file, SingleUseValueError for a coroutine or generator.
        """
        lease = self._open_known(uri, version)
        if lease is not None:
            return lease
        opened = self._folder.ready()
        if opened is None:
            return self._open_uncached(uri, fetch, size_bytes)
        digest = digest_of(uri, version)
        lease = self._open_cached(opened, uri, version, digest)
        if lease is not None:
            self.counters.add("file_hits")
            return lease
        self.counters.add("file_misses")
        return self._open_missing(opened, uri, version, digest, fetch, size_bytes)

    def prefetch(self, files: Iterable[FileToFetch], *, threads: int = 4) -> Prefetch:
        """Fetch files ahead of their use, in this order, at most ``threads`` at once.

        Close the result (or leave its ``with``) to stop early. A fetch that fails is only noted: whoever
        opens the file will see.
        """
        return Prefetch(self.open, files, threads=threads)

    def statistics(self) -> NodeStatistics:
        """Return what this process did."""
        return self.counters.read()

    def statistics_of_all(self) -> NodeStatistics:
        """Return the sum over all processes that ever used this folder; subtract an earlier reading."""
        if self._folder.is_unusable:
            return self.statistics()
        return statistics_of_all(self._folder.path / "sessions")

    @property
    def counters(self) -> NodeCounters:
        """The counters of this process."""
        return self._folder.counters

    def identity(self) -> str:
        """Return what tells this folder from others of the same host."""
        return self._folder.identity()

    def size_bytes(self) -> int:
        """Return the bytes of all copies held now; what they take of the disk is in whole blocks."""
        opened = self._folder.ready()
        return 0 if opened is None else sum(stored.size_bytes for stored, _ in opened.store.entries())

    def clear(self) -> None:
        """Drop all copies, for all processes."""
        opened = self._folder.ready()
        if opened is not None:
            opened.store.clear()

    def __repr__(self) -> str:
        return f"NodeFileCache({str(self._folder.path.parent)!r}, max_bytes={self._bounds.max_bytes})"

    def before_fork(self, *, timeout_seconds: float) -> bool:
        """Nothing to hold: whatever another thread is doing, the child starts without it."""
        return True

    def after_fork(self, *, in_child: bool, is_whole: bool) -> None:
        """In the child, take a session of its own at the next use."""
        if in_child:
            self._folder.leave_to_parent()

    def _open_known(self, uri: str, version: str) -> Lease | None:
        known = self._known.get((uri, version))
        if known is None or known.folder is not self._folder.opened or known.table.is_retired:
            return None
        descriptor = _opened_if_whole(known.path, known.size_bytes)
        if descriptor is None:
            return None
        if known.table.holds(known.position, known.digest):
            known.table.touch(known.position)
        elif (position := known.table.find(known.digest)) is not None:  # others' removals moved it
            known.table.touch(position)
            self._known[uri, version] = known._replace(position=position)
        self.counters.add("file_hits")
        return Lease(descriptor, known.size_bytes, self._folder.new_path)

    def _open_cached(self, opened: OpenFolder, uri: str, version: str, digest: Digest) -> Lease | None:
        found = opened.store.find(digest)
        if found is None:
            return None
        stored, table, position = found
        path = opened.store.path_of(stored)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        is_whole = os.fstat(descriptor).st_size == stored.size_bytes
        if not (is_whole and checksum_of(descriptor) == stored.checksum):
            os.close(descriptor)
            self.counters.add("corrupt")
            with suppress(OSError):
                opened.store.drop(digest)
            return None
        table.touch(position)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[uri, version] = _Known(opened, path, stored.size_bytes, digest, table, position)
        return Lease(descriptor, stored.size_bytes, self._folder.new_path)

    def _open_missing(
        self,
        opened: OpenFolder,
        uri: str,
        version: str,
        digest: Digest,
        fetch: Fetch,
        size_bytes: int | None,
    ) -> Lease:
        patience = self._load_timeout_seconds
        with ExitStack() as stack:
            with suppress(LoadTimeoutError):  # better fetched twice than not at all, here and below
                fetch_of_this = _fetches.alone((self._folder.path, digest), timeout_seconds=patience)
                stack.enter_context(fetch_of_this)
            with suppress(OSError):  # the folder is going, or another process is too slow
                stack.enter_context(opened.key_locks.holding(digest, timeout_seconds=patience))
            with suppress(OSError):
                opened.store.check(digest)
            lease = self._open_cached(opened, uri, version, digest)
            if lease is not None:
                self.counters.add("file_waits")
                return lease
            path = opened.session.new_path()
            with fetched(path, uri, fetch, size_bytes=size_bytes, counters=self.counters) as download:
                return self._published(opened, digest, download)

    def _published(self, opened: OpenFolder, digest: Digest, download: Download) -> Lease:
        lease = Lease(download.reader(), download.size_bytes, self._folder.new_path)
        is_kept = False
        with suppress(OSError):  # the folder is gone, or the disk full: the reader has its file all the same
            is_kept, evicted = opened.store.publish(download, digest)
            self._folder.count_evicted(evicted)
        if not is_kept:
            self.counters.add("uncached")
        return lease

    def _open_uncached(self, uri: str, fetch: Fetch, size_bytes: int | None) -> Lease:
        self.counters.add("file_misses")
        self.counters.add("uncached")
        with fetched(None, uri, fetch, size_bytes=size_bytes, counters=self.counters) as download:
            return Lease(download.reader(), download.size_bytes, self._folder.new_path)


def _opened_if_whole(path: str, size_bytes: int) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    if os.fstat(descriptor).st_size == size_bytes:
        return descriptor
    os.close(descriptor)
    return None


def _forget_fetches_of_parent() -> None:
    global _fetches
    _fetches = SingleFlight()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_fetches_of_parent)
