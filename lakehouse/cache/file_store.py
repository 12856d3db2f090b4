"""The cached files of a host and their index: published whole, within the bound, least recently used out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lakehouse.cache.disk_bounds import DiskBounds, disk_bytes
from lakehouse.cache.download import Download
from lakehouse.cache.eviction_order import EvictionOrder
from lakehouse.cache.host_lock import HostReadWriteLock
from lakehouse.cache.session import Session, sweep
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import Digest, StoredObject

__all__ = ["FileStore"]

FIRST_SLOTS = 1024


class Publication(NamedTuple):
    """What came of publishing a file."""

    is_kept: bool
    """False: it is larger than the bound, or the disk has no room for it."""
    evicted: list[StoredObject]


class FileStore:
    """Files in a folder, by digest. The folder is the truth; the index only mirrors it, and is rebuilt when wrong.

    ``find`` takes no lock. Whoever changes something holds the host's lock, and marks the index while at it:
    a process that finds the mark knows that another one was killed, and rebuilds the index.
    """

    def __init__(self, folder: Path, *, bounds: DiskBounds) -> None:
        self._objects = folder / "objects"
        self._sessions = folder / "sessions"
        self._index = folder / "index"
        self._bounds = bounds
        self._order = EvictionOrder()
        self._lock = HostReadWriteLock(folder / "index-lock")
        for each in (self._objects, self._sessions):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._table: SlotTable | None = None
        with self._changing() as table:
            sweep(self._sessions)
            on_disk = sum(1 for _ in os.scandir(self._objects))
            if not on_disk == table.files == sum(1 for _ in table.entries()):
                self._rebuild()

    def new_session(self) -> Session:
        """Make this process's session; no sweep removes it before its lock is held. Raises OSError."""
        with self._lock.writing():
            return Session(self._sessions)

    def find(self, digest: Digest) -> tuple[StoredObject, SlotTable, int] | None:
        """Return what the index says of this key, and where; the file itself may be gone."""
        table = self._table
        if table is None or table.is_retired:
            table = self._table = SlotTable.attach(self._index)
        if table is None:
            return None
        position = table.find(digest)
        return None if position is None else (table.object_at(position), table, position)

    def path_of(self, stored: StoredObject) -> str:
        """Return the file's path."""
        return f"{self._objects}/{stored.name}"

    def trim(self) -> list[StoredObject]:
        """Evict what the bounds don't allow (they may have been wider, or the disk emptier); return it."""
        with self._changing() as table:
            return self._make_room(table, 0)[1].evicted

    def publish(self, download: Download, digest: Digest) -> Publication:
        """Make the finished download the file of this key, if it has a name and there is room. Raises OSError."""
        stored = StoredObject(digest, download.size_bytes, download.checksum)
        needed = disk_bytes(stored.size_bytes)
        if download.path is None or needed > self._bounds.max_bytes:
            return Publication(is_kept=False, evicted=[])
        with self._changing() as table:
            replaced = table.find(digest)
            if replaced is not None:
                self._remove(table, replaced)
            table, room = self._make_room(table, needed)
            if not room.is_kept:
                return room
            if table.is_full():
                table = self._write_table(list(table.entries()))
            table.insert(stored, used_ns=time.time_ns())
            os.rename(download.path, self.path_of(stored))
        download.forget_name(unlink=False)
        return room

    def drop(self, digest: Digest) -> None:
        """Remove this key's file, if it is there."""
        with self._changing() as table:
            position = table.find(digest)
            if position is not None:
                self._remove(table, position)

    def check(self, digest: Digest) -> None:
        """Rebuild the index if it names a file for this key that is not there."""
        if self.find(digest) is None:  # as mostly on a miss: no lock for that
            return
        with self._changing() as table:
            position = table.find(digest)
            if position is not None and not os.path.exists(self.path_of(table.object_at(position))):
                self._rebuild()

    def clear(self) -> None:
        """Remove all files; what is being read stays readable."""
        with self._changing():
            for name in os.listdir(self._objects):
                (self._objects / name).unlink(missing_ok=True)
            self._rebuild()

    def entries(self) -> list[tuple[StoredObject, int]]:
        """Return all files with the time of their last use, in nanoseconds since the epoch."""
        with self._lock.reading():
            table = self._current_table()
            return [] if table is None else list(table.entries())

    @contextmanager
    def _changing(self) -> Iterator[SlotTable]:
        """Hold the host's lock with a sound index, marked as changing."""
        with self._lock.writing():
            table = self._current_table()
            if table is None or table.was_left_changing:
                self._table = table
                table = self._rebuild()
            table.mark_changing(changing=True)
            yield table
            # Not in a finally: after an error half-way the mark stays, and the next one rebuilds.
            (self._table or table).mark_changing(changing=False)

    def _current_table(self) -> SlotTable | None:
        """Return the table that is on the disk now: ours may have been deleted, or replaced."""
        table = self._table
        if table is not None and not table.is_retired:
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(self._index)
                if (status.st_dev, status.st_ino) == table.identity:
                    return table
        self._table = SlotTable.attach(self._index)
        return self._table

    def _make_room(self, table: SlotTable, needed: int) -> tuple[SlotTable, Publication]:
        """Evict until so many bytes fit, and the disk has its free space again, or nothing is left to evict.

        Return the table too: if it names a file that is missing, it is damaged, and rebuilt first.
        """
        shortage = self._bounds.shortage(self._objects)
        evicted: list[StoredObject] = []
        freed = 0
        while True:
            over = table.disk_bytes + needed - self._bounds.max_bytes
            if over <= 0 and freed >= shortage.disk_bytes and len(evicted) >= shortage.files:
                return table, Publication(is_kept=True, evicted=evicted)
            position = self._order.next(table)
            if position is None:
                return table, Publication(is_kept=False, evicted=evicted)
            victim = table.object_at(position)
            if self._remove(table, position):
                freed += disk_bytes(victim.size_bytes)
                evicted.append(victim)
            else:
                table = self._rebuild()

    def _remove(self, table: SlotTable, position: int) -> bool:
        """Remove a file and its slot; return whether there was such a file."""
        stored = table.object_at(position)
        try:
            os.unlink(self.path_of(stored))
        except FileNotFoundError:
            was_there = False
        else:
            was_there = True
        table.remove(position)
        return was_there

    def _rebuild(self) -> SlotTable:
        """Rebuild the index from the names in the folder; the old one tells the last uses."""
        known = dict(self._table.entries()) if self._table is not None else {}
        found: dict[Digest, tuple[StoredObject, int]] = {}
        for entry in os.scandir(self._objects):
            stored = StoredObject.from_name(entry.name)
            status = entry.stat(follow_symlinks=False)
            if stored is None or status.st_size != stored.size_bytes or stored.digest in found:
                os.unlink(entry.path)
            else:
                last_use_ns = known.get(stored) or max(status.st_atime_ns, status.st_mtime_ns)
                found[stored.digest] = (stored, min(last_use_ns, time.time_ns()))
        return self._write_table(list(found.values()))

    def _write_table(self, entries: list[tuple[StoredObject, int]]) -> SlotTable:
        old = self._table
        slots = FIRST_SLOTS
        while len(entries) >= slots // 2:
            slots *= 2
        table = self._table = SlotTable.create(self._index, entries, slots=slots)
        if old is not None:
            old.retire()
        return table
