"""The index of the cached files, in memory shared by all processes of the host."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.cache.disk_bounds import disk_bytes
from lakehouse.cache.stored_object import Digest, StoredObject

__all__ = ["SlotTable"]

MAGIC = int.from_bytes(b"lkhcach2", "big")
MAGIC_WORD, SLOTS_WORD, CHANGING_WORD, RETIRED_WORD, FILES_WORD, DISK_WORD = range(6)
HEADER_WORDS = 8
WORD_BYTES = 8
SLOT_WORDS = 5
HIGH, LOW, SIZE, TICK, CHECKSUM = range(SLOT_WORDS)
MOST_FULL = 0.7


class SlotTable:
    """A hash table of 64-bit words in a mapped file: for each file its key, size, last use and checksum.

    How many files there are, and what they take of the disk, is kept in its header: no change costs a look at all.
    Reading and ``touch`` need no lock: what they see while another process changes the table can be wrong,
    so whoever found a slot must still open the file. Everything else needs the host's lock.
    """

    __slots__ = ("_words", "identity", "slots")

    def __init__(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self.identity = (status.st_dev, status.st_ino)
        self._words = memoryview(mmap.mmap(descriptor, status.st_size)).cast("Q")
        self.slots = (len(self._words) - HEADER_WORDS) // SLOT_WORDS

    @classmethod
    def create(cls, path: Path, entries: Sequence[tuple[StoredObject, int]], *, slots: int) -> SlotTable:
        """Put a new table at ``path``, replacing any file there, marked as changing. Raises OSError."""
        temporary = path.with_name(f"{path.name}-new")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            # All blocks now: a store into a hole of a mapped file kills the process when the disk is full.
            os.posix_fallocate(descriptor, 0, WORD_BYTES * (HEADER_WORDS + SLOT_WORDS * slots))
            table = cls(descriptor)
            table._words[SLOTS_WORD] = slots
            table._words[MAGIC_WORD] = MAGIC
            table.mark_changing(changing=True)
            for stored, used_ns in entries:
                table.insert(stored, used_ns=used_ns)
            os.rename(temporary, path)
            return table
        finally:
            os.close(descriptor)

    @classmethod
    def attach(cls, path: Path) -> SlotTable | None:
        """Return the table at ``path``; None when the file is missing or damaged."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            if os.fstat(descriptor).st_size < WORD_BYTES * (HEADER_WORDS + SLOT_WORDS):
                return None
            table = cls(descriptor)
        finally:
            os.close(descriptor)
        whole = table._words[MAGIC_WORD] == MAGIC and table._words[SLOTS_WORD] == table.slots
        return table if whole else None

    @property
    def was_left_changing(self) -> bool:
        """Whether a change was begun and not finished. Under the lock: its process was killed."""
        return self._words[CHANGING_WORD] != 0

    def mark_changing(self, *, changing: bool) -> None:
        """Mark the table for the next holder of the lock, in case this process is killed before it finishes."""
        self._words[CHANGING_WORD] = int(changing)

    @property
    def is_retired(self) -> bool:
        """Whether a larger table took this one's place."""
        return self._words[RETIRED_WORD] != 0

    def retire(self) -> None:
        """Tell all processes that have this table mapped to look for its successor."""
        self._words[RETIRED_WORD] = 1

    def find(self, digest: Digest) -> int | None:
        """Return the position of the key's slot; None when the key is missing."""
        high, low = digest
        words = self._words
        index = low % self.slots
        for _ in range(self.slots):
            position = HEADER_WORDS + SLOT_WORDS * index
            found = words[position]
            if found == high and words[position + LOW] == low:
                return position
            if not found:
                return None
            index = (index + 1) % self.slots
        return None

    def holds(self, position: int, digest: Digest) -> bool:
        """Say whether this slot is (still) the key's."""
        return (self._words[position], self._words[position + LOW]) == digest

    def object_at(self, position: int) -> StoredObject:
        """Return what the slot says."""
        high, low, size_bytes, _, checksum = self._words[position : position + SLOT_WORDS]
        return StoredObject((high, low), size_bytes, checksum & 0xFFFFFFFF)

    def touch(self, position: int) -> None:
        """Note that the file was used now: one aligned store."""
        self._words[position + TICK] = time.time_ns()

    def insert(self, stored: StoredObject, *, used_ns: int) -> None:
        """Add a file, or replace the one with the same key. There must be room: see ``is_full``."""
        words = self._words
        position = self.find(stored.digest)
        if position is None:
            index = stored.digest[1] % self.slots
            while words[HEADER_WORDS + SLOT_WORDS * index]:
                index = (index + 1) % self.slots
            position = HEADER_WORDS + SLOT_WORDS * index
            self._count(1, disk_bytes(stored.size_bytes))
        else:
            self._count(0, disk_bytes(stored.size_bytes) - disk_bytes(words[position + SIZE]))
        high, low = stored.digest
        for word, value in ((SIZE, stored.size_bytes), (TICK, max(used_ns, 1)), (CHECKSUM, stored.checksum)):
            words[position + word] = value
        words[position + LOW] = low
        words[position + HIGH] = high

    def remove(self, position: int) -> None:
        """Empty a slot, and move up those behind it that were pushed on by it: no tombstones."""
        words, slots = self._words, self.slots
        self._count(-1, -disk_bytes(words[position + SIZE]))
        hole = (position - HEADER_WORDS) // SLOT_WORDS
        index = hole
        while True:
            index = (index + 1) % slots
            there = HEADER_WORDS + SLOT_WORDS * index
            if not words[there]:
                break
            home = words[there + LOW] % slots
            if (index - home) % slots >= (index - hole) % slots:
                here = HEADER_WORDS + SLOT_WORDS * hole
                words[here : here + SLOT_WORDS] = words[there : there + SLOT_WORDS]
                hole = index
        here = HEADER_WORDS + SLOT_WORDS * hole
        for word in range(SLOT_WORDS):
            words[here + word] = 0

    @property
    def files(self) -> int:
        """How many files there are."""
        return self._words[FILES_WORD]

    @property
    def disk_bytes(self) -> int:
        """What all files take of the disk."""
        return self._words[DISK_WORD]

    def is_full(self) -> bool:
        """Say whether another file needs a larger table."""
        return self.files >= MOST_FULL * self.slots

    def used_ns(self, position: int) -> int:
        """Return the time of the file's last use, in nanoseconds since the epoch; never 0."""
        return self._words[position + TICK]

    def earliest(self, most: int) -> list[tuple[int, Digest]]:
        """Return the times of last use and keys of the ``most`` files not used for longest, the latest first."""
        ticks = self._column(TICK)
        used = sorted(tick for tick in ticks if tick)
        if not used:
            return []
        limit = used[min(most, len(used)) - 1]
        chosen = [index for index, tick in enumerate(ticks) if 0 < tick <= limit]
        chosen.sort(key=ticks.__getitem__, reverse=True)
        positions = (HEADER_WORDS + SLOT_WORDS * index for index in chosen)
        return [
            (ticks[index], (self._words[position], self._words[position + LOW]))
            for index, position in zip(chosen, positions, strict=True)
        ]

    def entries(self) -> Iterator[tuple[StoredObject, int]]:
        """Yield all files with the time of their last use, in nanoseconds since the epoch."""
        for position in range(HEADER_WORDS, HEADER_WORDS + SLOT_WORDS * self.slots, SLOT_WORDS):
            if self._words[position]:
                yield self.object_at(position), self._words[position + TICK]

    def _count(self, files: int, disk: int) -> None:
        """Keep the sums; never below zero, whatever a damaged slot says, and right again once the table is empty."""
        words = self._words
        words[FILES_WORD] = max(words[FILES_WORD] + files, 0)
        words[DISK_WORD] = max(words[DISK_WORD] + disk, 0) if words[FILES_WORD] else 0

    def _column(self, word: int) -> list[int]:
        return self._words[HEADER_WORDS + word :: SLOT_WORDS].tolist()
