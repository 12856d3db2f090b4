"""Which files of a landing zone are new, and whether each can be read. Decides; takes no row and writes nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import msgspec

from lakehouse.errors import StorageError
from lakehouse.ingestion.candidates import Candidates
from lakehouse.ingestion.file_inputs import UNREADABLE, FileInputs, TrackedFile
from lakehouse.ingestion.file_memory import FileMemory
from lakehouse.ingestion.formats import Accepted, FileFormat, Inspection, Rejected
from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.landing_zone import LandingZone
from lakehouse.ingestion.listing_mark import ListingMark
from lakehouse.ingestion.seen_files import SeenFiles
from lakehouse.storage import AccessDeniedError, NotFoundError
from lakehouse.version import __version__

__all__ = ["FileTracker"]

_INSPECTORS = 4
_LONGEST_WAIT_SECONDS = 1.0
_GONE = "it was gone before its rows were written"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTracker:
    """Finds what is new in one landing zone, for one table."""

    zone: LandingZone
    file_format: FileFormat
    names_grow: bool = False
    """Whether each new file's path sorts after those before it, so that a listing may start after the last one."""
    at_rest_seconds: float | None = None
    """How long a file must have been left alone to be taken for whole; None leaves it to the zone."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def candidates(self, seen: SeenFiles) -> Candidates:
        """Return the files that need a look after all that was seen. Lists, and reads no file."""
        memory, now = self._memory(seen), self.clock()
        mark = seen.mark if self.names_grow else None
        if mark is not None and mark.is_good(self.zone.name, now):
            again = [path for path in memory.paths_worth_another_look() if path <= mark.through]
            found = [Listing.of(files) for files in [self.zone.now(again).values()] if files]
            return self._unknown(chain(found, self.zone.listed(after=mark.through)), memory, mark)
        fresh = ListingMark(zone=self.zone.name, complete_seconds=now, through="")
        return self._unknown(self.zone.listed(), memory, fresh)

    def inspected(self, candidates: Candidates, seen: SeenFiles) -> FileInputs | None:
        """Return the candidates with news, inspected; None when there are none.

        A file is known by its path. One that was rejected may come again with other content; one that was taken
        may not: its rows would be doubled, so it is rejected with that reason. A file that is still being
        written is left for a later look.
        """
        memory, listed_at = self._memory(seen), self.clock()
        ready = [
            file
            for file in candidates.files
            if self._seconds_to_rest(file, listed_at) <= _LONGEST_WAIT_SECONDS
        ]
        with ThreadPoolExecutor(_INSPECTORS) as pool:
            inspections = list(pool.map(self._inspect, ready))
        wait = max((self._seconds_to_rest(file, listed_at) for file in ready), default=0.0)
        if (rest := listed_at + wait - self.clock()) > 0 and wait > 0:
            self.sleep(min(rest, wait))
        now = self.zone.now([file.path for file in ready if file.fault is None])
        found = [
            self._judged(file, inspection, memory)
            for file, inspection in zip(ready, inspections, strict=True)
            if inspection is not None and (file.fault is not None or now.get(file.path) == file)
        ]
        listing = candidates.mark_after([file.path for file in found]) if self.names_grow else None
        inputs = FileInputs(files=tuple(found), listing=listing)
        return inputs if inputs.new() else None

    def recheck(self, inputs: FileInputs, *, reading_again: bool) -> FileInputs:
        """Return a batch's files, those rejected that it would read and that are not as it names them.

        With ``reading_again`` they are inspected again, so that none can stop a batch twice.
        """
        to_read = inputs.accepted()
        now = self.zone.now(to_read)
        files = []
        for file in inputs.files:
            change = None
            if file.path in to_read:
                change = self._change(file, now.get(file.path), reading_again=reading_again)
            files.append(file if change is None else file.set_aside(change))
        return msgspec.structs.replace(inputs, files=tuple(files))

    def _unknown(self, listings: Iterable[Listing], memory: FileMemory, mark: ListingMark) -> Candidates:
        files: list[LandedFile] = []
        through = mark.through
        for listing in listings:
            files += memory.unknown(listing)
            through = max(through, *listing.paths)
        return Candidates(files=tuple(files), listed_after=mark, through=through)

    def _memory(self, seen: SeenFiles) -> FileMemory:
        return FileMemory(seen, declaration=self._declaration())

    def _declaration(self) -> str:
        text = f"{__version__} {self.file_format.declaration()}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _seconds_to_rest(self, file: LandedFile, now: float) -> float:
        needed = self.zone.at_rest_seconds if self.at_rest_seconds is None else self.at_rest_seconds
        if needed <= 0 or file.fault is not None:
            return 0.0
        # A time far ahead is another machine's clock, and no sign that somebody writes.
        return max(0.0, needed - abs(now - file.modified_ms / 1000))

    def _inspect(self, file: LandedFile) -> Inspection | None:
        """Return what is found in a file; None when it is gone."""
        if file.fault is not None:
            return Rejected(reason=file.fault, digest=file.fault)
        try:
            with self.zone.open(file) as stream:
                return self.file_format.inspect(stream, name=file.path)
        except (FileNotFoundError, NotFoundError):
            return None
        except (OSError, AccessDeniedError) as error:
            reason = _unreadable(error)
            return Rejected(reason=reason, digest=f"{UNREADABLE} {reason}")

    def _judged(self, file: LandedFile, found: Inspection, memory: FileMemory) -> TrackedFile:
        repeats = memory.has_taken(file.path, found.digest)
        if repeats:
            found = Accepted(digest=found.digest)
        elif memory.was_taken(file.path) and not found.digest.startswith(UNREADABLE):
            found = Rejected(reason="it was taken before, with other content", digest=found.digest)
        return TrackedFile.found(
            file,
            found,
            declaration=self._declaration(),
            repeats=repeats or memory.has_rejected(file.path, found),
        )

    def _change(self, file: TrackedFile, now: LandedFile | None, *, reading_again: bool) -> Rejected | None:
        """Say why a file can't be read as a batch names it; None when it can."""
        if now is None:
            return Rejected(reason=_GONE, digest=file.digest)
        if now.fault is not None:
            return Rejected(reason=now.fault, digest=file.digest)
        if (now.size_bytes, now.modified_ms) != file.state:
            how = f"it had {file.size_bytes} bytes, and has {now.size_bytes}"
            return Rejected(reason=_changed(how), digest=file.digest)
        return self._change_within(file, now) if reading_again else self._why_closed(file, now)

    def _change_within(self, file: TrackedFile, now: LandedFile) -> Rejected | None:
        """Say why a file whose size and time are the same can't be read as a batch names it."""
        found = self._inspect(now)
        if found is None:
            return Rejected(reason=_GONE, digest=file.digest)
        if isinstance(found, Rejected):
            return found
        if found.digest != file.digest:
            return Rejected(reason=_changed("size and time are the same"), digest=found.digest)
        return None

    def _why_closed(self, file: TrackedFile, now: LandedFile) -> Rejected | None:
        """Say why a file does not open; None when it does."""
        try:
            self.zone.open(now).close()
        except (OSError, StorageError) as error:
            return Rejected(reason=_unreadable(error), digest=file.digest)
        return None


def _changed(how: str) -> str:
    return f"it changed before its rows were written ({how})"


def _unreadable(error: OSError | StorageError) -> str:
    return f"it can't be read ({error.strerror if isinstance(error, OSError) else error})"
