"""Copies of immutable files on the node's disk, shared by all processes of the host."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple, cast

from lakehouse.cache import fork
from lakehouse.cache.download import Download, checksum_of
from lakehouse.cache.errors import (
    CacheBoundError,
    CacheUnusableWarning,
    RecursiveLoadError,
    TruncatedDownloadError,
)
from lakehouse.cache.file_store import FileStore
from lakehouse.cache.key_lock import KeyLocks, key_locks_in
from lakehouse.cache.lease import Lease
from lakehouse.cache.node_statistics import NodeCounters, NodeStatistics
from lakehouse.cache.prefetch import FileToFetch, Prefetch
from lakehouse.cache.session import Session, statistics_of_all
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import Digest, digest_of

__all__ = ["Fetch", "NodeFileCache"]

Fetch = Callable[[IO[bytes]], object]
"""Writes the whole file into what it is given. May be called again, by any process."""

LAYOUT = "layout-1"
"""Another version of this code with another layout uses another folder, and they don't meet."""
MOST_KNOWN = 100_000


class _Known(NamedTuple):
    """A file this process has opened, and found to be whole."""

    path: str
    size_bytes: int
    digest: Digest
    table: SlotTable
    position: int


class _Open(NamedTuple):
    """What belongs to the folder as we found or made it."""

    store: FileStore
    session: Session
    key_locks: KeyLocks


class NodeFileCache:
    """At most ``max_bytes`` of copies below ``directory``; the least recently used by any process go first.

    Keyed by address and version, so that a copy is never out of date: a changed file is another key. A hit
    takes no lock; on a miss one process fetches and the others wait. Each process checks a copy's checksum
    when it first opens it. Whatever happens to the folder, ``open`` gives the file, at worst from its source;
    not ``enabled``, always from there.
    """

    def __init__(self, directory: str | os.PathLike[str], *, max_bytes: int, enabled: bool = True) -> None:
        if type(max_bytes) is not int or max_bytes < 1:
            raise CacheBoundError(bound="max_bytes", value=max_bytes)
        self._folder = Path(os.path.abspath(directory)) / LAYOUT
        self._max_bytes = max_bytes
        self._known: dict[tuple[str, str], _Known] = {}
        self._opened: _Open | None = None
        self._is_unusable = not enabled
        self._elsewhere: tempfile.TemporaryDirectory[str] | None = None
        self._counters = NodeCounters.private()
        self._start_threads_anew()
        fork.register(self)

    def open(self, uri: str, version: str, fetch: Fetch, *, size_bytes: int | None = None) -> Lease:
        """Return the file, from the cache or by ``fetch``; close what you get.

        ``version`` must change whenever the content does: of a Delta file size and modification time, of an
        object the ETag. With ``size_bytes``, a fetch that brings another number raises
        TruncatedDownloadError. What ``fetch`` raises is raised here, and nothing is kept.
        """
        lease = self._open_known(uri, version)
        if lease is not None:
            return lease
        opened = self._ready()
        if opened is None:
            return self._open_uncached(uri, fetch, size_bytes)
        digest = digest_of(uri, version)
        lease = self._open_cached(opened, uri, version, digest)
        if lease is not None:
            self._counters.add("file_hits")
            return lease
        self._counters.add("file_misses")
        return self._open_missing(opened, uri, version, digest, fetch, size_bytes)

    def prefetch(self, files: Iterable[FileToFetch], *, threads: int = 4) -> Prefetch:
        """Fetch files ahead of their use, in this order, at most ``threads`` at once.

        Close the result (or leave its ``with``) to stop early. A fetch that fails is only noted: whoever
        opens the file will see.
        """
        return Prefetch(self.open, files, threads=threads)

    def statistics(self) -> NodeStatistics:
        """Return what this process did."""
        return self._counters.read()

    def statistics_of_all(self) -> NodeStatistics:
        """Return the sum over all processes that ever used this folder; subtract an earlier reading."""
        if self._is_unusable:
            return self.statistics()
        return statistics_of_all(self._folder / "sessions")

    @property
    def counters(self) -> NodeCounters:
        """The counters of this process."""
        return self._counters

    def identity(self) -> str:
        """Return what tells this folder from others of the same host."""
        try:
            status = os.stat(self._folder)
        except FileNotFoundError:
            return "none"
        return f"{status.st_dev:x}-{status.st_ino:x}"

    def size_bytes(self) -> int:
        """Return the bytes of all copies held now."""
        opened = self._ready()
        return 0 if opened is None else sum(stored.size_bytes for stored, _ in opened.store.entries())

    def clear(self) -> None:
        """Drop all copies, for all processes."""
        opened = self._ready()
        if opened is not None:
            opened.store.clear()

    def __repr__(self) -> str:
        return f"NodeFileCache({str(self._folder.parent)!r}, max_bytes={self._max_bytes})"

    def before_fork(self) -> None:
        """Nothing to hold: whatever another thread is at, the child starts anew."""

    def after_fork(self, *, in_child: bool) -> None:
        """In the child, take a session of its own at the next use."""
        if in_child:
            self._start_threads_anew()
            opened, self._opened = self._opened, None
            self._counters = NodeCounters.private()
            if opened is not None:
                opened.session.leave_to_parent()

    def _start_threads_anew(self) -> None:
        self._setting_up = threading.Lock()
        self._fetching = threading.local()

    def _open_known(self, uri: str, version: str) -> Lease | None:
        known = self._known.get((uri, version))
        if known is None or self._opened is None or known.table.is_retired:
            return None
        descriptor = _opened_if_whole(known.path, known.size_bytes)
        if descriptor is None:
            return None
        if known.table.holds(known.position, known.digest):
            known.table.touch(known.position)
        elif (position := known.table.find(known.digest)) is not None:  # others' removals moved it
            known.table.touch(position)
            self._known[uri, version] = known._replace(position=position)
        self._counters.add("file_hits")
        return Lease(descriptor, known.size_bytes, self._new_path)

    def _open_cached(self, opened: _Open, uri: str, version: str, digest: Digest) -> Lease | None:
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
            self._counters.add("corrupt")
            with suppress(OSError):
                opened.store.drop(digest)
            return None
        table.touch(position)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[uri, version] = _Known(path, stored.size_bytes, digest, table, position)
        return Lease(descriptor, stored.size_bytes, self._new_path)

    def _open_missing(
        self, opened: _Open, uri: str, version: str, digest: Digest, fetch: Fetch, size_bytes: int | None
    ) -> Lease:
        with ExitStack() as stack:
            stack.enter_context(self._not_twice(uri, version))
            with suppress(OSError):  # the folder is going: better fetched twice than not at all
                stack.enter_context(opened.key_locks.holding(digest))
            with suppress(OSError):
                opened.store.check(digest)
            lease = self._open_cached(opened, uri, version, digest)
            if lease is not None:
                self._counters.add("file_waits")
                return lease
            with self._fetched(opened.session.new_path(), uri, fetch, size_bytes) as download:
                return self._published(opened, digest, download)

    def _published(self, opened: _Open, digest: Digest, download: Download) -> Lease:
        lease = Lease(download.reader(), download.size_bytes, self._new_path)
        try:
            fits = download.path is not None and download.size_bytes <= self._max_bytes
            evicted = opened.store.publish(download, digest) if fits else None
        except OSError:  # the folder is gone, or the disk full: the reader has its file all the same
            evicted = None
        if evicted is None:
            self._counters.add("uncached")
            return lease
        self._counters.add("evictions", len(evicted))
        self._counters.add("evicted_bytes", sum(each.size_bytes for each in evicted))
        return lease

    def _open_uncached(self, uri: str, fetch: Fetch, size_bytes: int | None) -> Lease:
        self._counters.add("file_misses")
        self._counters.add("uncached")
        with self._fetched(None, uri, fetch, size_bytes) as download:
            return Lease(download.reader(), download.size_bytes, self._new_path)

    @contextmanager
    def _fetched(
        self, path: Path | None, uri: str, fetch: Fetch, size_bytes: int | None
    ) -> Iterator[Download]:
        try:
            download = Download(path)
        except OSError:
            download = Download(None)
        with download:
            started_ns = time.perf_counter_ns()
            try:
                fetch(cast("IO[bytes]", download))
                _check_size(uri, size_bytes, download.size_bytes)
            except BaseException:
                self._counters.add("fetch_failures")
                raise
            self._counters.add("fetch_microseconds", (time.perf_counter_ns() - started_ns) // 1000)
            self._counters.add("fetches")
            self._counters.add("fetched_bytes", download.size_bytes)
            yield download

    @contextmanager
    def _not_twice(self, uri: str, version: str) -> Iterator[None]:
        """Refuse a fetch that needs, on the same thread, what it is fetching."""
        under_way: set[tuple[str, str]] = self._fetching.__dict__.setdefault("keys", set())
        if (uri, version) in under_way:
            raise RecursiveLoadError(key=(uri, version))
        under_way.add((uri, version))
        try:
            yield
        finally:
            under_way.discard((uri, version))

    def _ready(self) -> _Open | None:
        """Return the folder, set up again if it was deleted; None if it can't be used."""
        if self._is_settled():
            return self._opened
        with self._setting_up:
            if self._is_settled():
                return self._opened
            try:
                self._opened = self._set_up()
            except FileNotFoundError:  # deleted while we set it up: next time
                self._opened = None
            except OSError as error:
                self._opened = None
                self._is_unusable = True
                warnings.warn(
                    f"{self!r} can't be used ({error.strerror}); files come from their source each time. "
                    "Fix: give this process a folder of its own that it may write to.",
                    CacheUnusableWarning,
                    stacklevel=4,
                )
        return self._opened

    def _is_settled(self) -> bool:
        opened = self._opened
        return self._is_unusable or (opened is not None and opened.session.folder.exists())

    def _set_up(self) -> _Open:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.lstat(self._folder)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise PermissionError(errno.EPERM, "the folder is another user's, or others may write to it")
        store = FileStore(self._folder, max_bytes=self._max_bytes)
        session = store.new_session()
        session.counters.take_over(self._counters)
        self._counters = session.counters
        self._known.clear()
        return _Open(store, session, key_locks_in(self._folder))

    def _new_path(self) -> Path:
        """Return a path for a lease's link."""
        opened = self._ready()
        if opened is not None:
            return opened.session.new_path()
        if self._elsewhere is None:
            self._elsewhere = tempfile.TemporaryDirectory(prefix="lakehouse-cache-")
        return Path(self._elsewhere.name, uuid.uuid4().hex)


def _check_size(uri: str, expected_bytes: int | None, fetched_bytes: int) -> None:
    if expected_bytes is not None and fetched_bytes != expected_bytes:
        raise TruncatedDownloadError(uri=uri, expected_bytes=expected_bytes, fetched_bytes=fetched_bytes)


def _opened_if_whole(path: str, size_bytes: int) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    if os.fstat(descriptor).st_size == size_bytes:
        return descriptor
    os.close(descriptor)
    return None
