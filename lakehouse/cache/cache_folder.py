"""The folder of a node's cache, as one process uses it: set up at its first use, and again after it was deleted."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
import uuid
import warnings
from pathlib import Path
from typing import NamedTuple

from lakehouse.cache.disk_bounds import DiskBounds
from lakehouse.cache.errors import CacheUnusableWarning
from lakehouse.cache.file_store import FileStore
from lakehouse.cache.key_lock import KeyLocks, key_locks_in
from lakehouse.cache.node_statistics import NodeCounters
from lakehouse.cache.session import Session
from lakehouse.cache.stored_object import StoredObject

__all__ = ["CacheFolder", "OpenFolder"]


class OpenFolder(NamedTuple):
    """What belongs to the folder as this process found or made it."""

    store: FileStore
    session: Session
    key_locks: KeyLocks


class CacheFolder:
    """Gives the open folder, or None where it can't be used, which it says once."""

    def __init__(self, path: Path, *, bounds: DiskBounds, enabled: bool) -> None:
        self.path = path
        self.opened: OpenFolder | None = None
        """As of the last use; it may have been deleted meanwhile."""
        self.counters = NodeCounters.private()
        self.is_unusable = not enabled
        self._bounds = bounds
        self._elsewhere: tempfile.TemporaryDirectory[str] | None = None
        self._setting_up = threading.Lock()

    def ready(self) -> OpenFolder | None:
        """Return the folder, set up again if it was deleted; None when it can't be used."""
        if self._is_settled():
            return self.opened
        with self._setting_up:
            if self._is_settled():
                return self.opened
            try:
                self.opened = self._set_up()
            except FileNotFoundError:  # deleted while we set it up: next time
                self.opened = None
            except OSError as error:
                self.opened = None
                self.is_unusable = True
                warnings.warn(
                    f"The cache in {str(self.path.parent)!r} can't be used ({error.strerror}); files come from "
                    "their source each time. Fix: give this process a folder of its own that it may write to.",
                    CacheUnusableWarning,
                    stacklevel=4,
                )
        return self.opened

    def count_evicted(self, evicted: list[StoredObject]) -> None:
        """Count files that had to go."""
        self.counters.add("evictions", len(evicted))
        self.counters.add("evicted_bytes", sum(each.size_bytes for each in evicted))

    def new_path(self) -> Path:
        """Return a path that is not there yet, for a link or a copy of this process."""
        opened = self.ready()
        if opened is not None:
            return opened.session.new_path()
        if self._elsewhere is None:
            self._elsewhere = tempfile.TemporaryDirectory(prefix="lakehouse-cache-")
        return Path(self._elsewhere.name, uuid.uuid4().hex)

    def identity(self) -> str:
        """Return what tells this folder from others of the same host."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return "missing"
        return f"{status.st_dev:x}-{status.st_ino:x}"

    def leave_to_parent(self) -> None:
        """In a forked child, take a session of its own at the next use."""
        self._setting_up = threading.Lock()
        self.opened = None
        self.counters = NodeCounters.private()

    def _is_settled(self) -> bool:
        opened = self.opened
        return self.is_unusable or (opened is not None and opened.session.folder.exists())

    def _set_up(self) -> OpenFolder:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.lstat(self.path)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise PermissionError(errno.EPERM, "the folder is another user's, or others may write to it")
        store = FileStore(self.path, bounds=self._bounds)
        session = store.new_session()
        session.counters.take_over(self.counters)
        self.counters = session.counters
        self.count_evicted(store.trim())
        return OpenFolder(store, session, key_locks_in(self.path))
