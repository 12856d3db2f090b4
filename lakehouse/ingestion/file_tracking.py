"""Which files of a landing zone are new, and whether each can be read. Decides; takes no row and writes nothing."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import msgspec
from pyspark.sql import SparkSession

from lakehouse.errors import StorageError
from lakehouse.ingestion.candidates import Candidates
from lakehouse.ingestion.file_choice import EVERY_FILE, FileChoice
from lakehouse.ingestion.file_inputs import UNREADABLE, FileInputs, TrackedFile, why_unreadable
from lakehouse.ingestion.file_memory import FileMemory
from lakehouse.ingestion.formats import Accepted, FileFormat, Inspection, Rejected
from lakehouse.ingestion.inspecting import ChoosingInspector, DriverInspector, Inspector
from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.landing_zone import LandingZone
from lakehouse.ingestion.listing_mark import ListingMark
from lakehouse.ingestion.seen_files import SeenFiles
from lakehouse.ingestion.threads import by_threads
from lakehouse.version import __version__

__all__ = ["FileTracker", "OnRewritten"]

OnRewritten = Literal["quarantine", "replace", "ignore"]
"""What becomes of a file that was taken and has another content now."""

_OPENED_AT_ONCE = 16
_LONGEST_WAIT_SECONDS = 1.0
_TAKEN = "it was taken before, with other content"
_STUCK = "; its rows of then can't be told from others in this table: rebuild it, run with --full-refresh"
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
    released: Collection[str] = frozenset()
    """Paths to look at again, whatever was found in them before."""
    on_rewritten: OnRewritten = "quarantine"
    """What becomes of a file that was taken and has another content now."""
    gives_way: bool = False
    """Whether rows of a file's earlier content can be taken out of the table for those of a released one."""
    choice: FileChoice = EVERY_FILE
    """Which files a batch takes, of those that match."""
    inspector: Inspector | None = None
    """Who looks through files; None leaves it to how much there is to read."""
    session: Callable[[], SparkSession] | None = None
    """Asked for when files are more than the driver reads itself; None: the driver reads them all."""
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def candidates(self, seen: SeenFiles) -> Candidates:
        """Return the files that need a look after all that was seen. Lists, and reads no file."""
        memory, now = self._memory(seen), self.clock()
        mark = seen.mark if self.names_grow else None
        if mark is not None and mark.is_good(self.zone.name, now):
            worth_a_look = {*memory.paths_worth_another_look(), *self.released}
            again = sorted(path for path in worth_a_look if path <= mark.through)
            found = [Listing.of(files) for files in [self.zone.now(again).values()] if files]
            return self._unknown(chain(found, self.zone.listed(after=mark.through)), memory, mark)
        fresh = ListingMark(zone=self.zone.name, complete_seconds=now, through="")
        return self._unknown(self.zone.listed(), memory, fresh)

    def inspected(self, candidates: Candidates, seen: SeenFiles) -> FileInputs | None:
        """Return what ``looked_at`` does; None when there is no news in it."""
        inputs = self.looked_at(candidates, seen)
        return inputs if inputs.new() else None

    def looked_at(self, candidates: Candidates, seen: SeenFiles) -> FileInputs:
        """Return the candidates that are to be looked at now, inspected.

        A file is known by its path below the landing zone's folder. One that was rejected may come again with
        other content; one that was taken may only where that is asked for: its rows would be doubled, so it is
        rejected with that reason. A file that is still being written is left for a later look.
        """
        memory, listed_at = self._memory(seen), self.clock()
        waiting: Sequence[LandedFile] = candidates.files
        found: list[TrackedFile] = []
        while waiting and all(file.repeats for file in found):
            # Of files without news there may be more than a batch takes: those behind them must not wait for ever.
            chosen = self.choice.first(waiting)
            found += self._looked_into(chosen, memory, listed_at)
            waiting = waiting[len(chosen) :]
        listing = candidates.mark_after([file.path for file in found]) if self.names_grow else None
        earlier = [root for root in seen.roots if root not in ("", self.zone.root)]
        return FileInputs(
            files=tuple(found),
            listing=listing,
            root=self.zone.root,
            earlier_roots=tuple(earlier) if any(file.replaces for file in found) else (),
        )

    def _looked_into(
        self, files: Sequence[LandedFile], memory: FileMemory, listed_at: float
    ) -> list[TrackedFile]:
        """Return what is found in those of the files that stay as they are while they are looked into."""
        ready = [file for file in files if self._seconds_to_rest(file, listed_at) <= _LONGEST_WAIT_SECONDS]
        inspections = self._inspect(ready)
        wait = max((self._seconds_to_rest(file, listed_at) for file in ready), default=0.0)
        if (rest := listed_at + wait - self.clock()) > 0 and wait > 0:
            self.sleep(min(rest, wait))
        now = self.zone.now([file.path for file in ready if file.fault is None])
        return [
            self._judged(file, inspection, memory)
            for file, inspection in zip(ready, inspections, strict=True)
            if inspection is not None and (file.fault is not None or now.get(file.path) == file)
        ]

    def lost(self, seen: SeenFiles) -> list[str]:
        """Return the files that were taken and are not there any more, in order. Lists, and reads no file."""
        there = {path for listing in self.zone.listed() for path in listing.paths}
        return sorted(seen.taken_paths() - there)

    def recheck(self, inputs: FileInputs, *, reading_again: bool) -> FileInputs:
        """Return a batch's files, those rejected that it would read and that are not as it names them.

        With ``reading_again`` they are inspected again, so that none can stop a batch twice.
        """
        to_read = inputs.accepted()
        now = self.zone.now(to_read)
        files = [file for file in inputs.files if file.path in to_read]
        changes = {file.path: _change_of_state(file, now.get(file.path)) for file in files}
        same = [file for file in files if changes[file.path] is None]
        look = self._changes_within if reading_again else self._changes_of_access
        changes |= look(same, [now[file.path] for file in same])
        rechecked = [
            file if (change := changes.get(file.path)) is None else file.set_aside(change)
            for file in inputs.files
        ]
        return msgspec.structs.replace(inputs, files=tuple(rechecked))

    def _unknown(self, listings: Iterable[Listing], memory: FileMemory, mark: ListingMark) -> Candidates:
        files: list[LandedFile] = []
        through = mark.through
        for listing in listings:
            unknown = memory.unknown(listing, released=self.released, on_rewritten=self.on_rewritten)
            files += filter(self.choice.wants, unknown)
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

    def _inspect(self, files: Sequence[LandedFile]) -> list[Inspection | None]:
        """Return what is found in each file; None for one that is gone."""
        faults = [self.choice.fault(file) for file in files]
        sound = [file for file, fault in zip(files, faults, strict=True) if fault is None]
        found = iter(self._inspector.inspect(sound))
        return [next(found) if fault is None else Rejected(reason=fault, digest=fault) for fault in faults]

    @property
    def _inspector(self) -> Inspector:
        if self.inspector is not None:
            return self.inspector
        if self.session is None:
            return DriverInspector(self.zone, self.file_format)
        return ChoosingInspector(self.zone, self.file_format, session=self.session)

    def _judged(self, file: LandedFile, found: Inspection, memory: FileMemory) -> TrackedFile:
        repeats = memory.has_taken(file.path, found.digest)
        released, replaces = file.path in self.released, False
        if repeats:
            found = Accepted(digest=found.digest)
        elif memory.was_taken(file.path) and not found.digest.startswith(UNREADABLE):
            wanted = released or self.on_rewritten == "replace"
            replaces = wanted and self.gives_way and isinstance(found, Accepted)
            if not replaces and not (wanted and isinstance(found, Rejected)):
                found = Rejected(reason=_TAKEN + (_STUCK if wanted else ""), digest=found.digest)
        return TrackedFile.found(
            file,
            found,
            declaration=self._declaration(),
            replaces=replaces,
            repeats=repeats or (not released and memory.has_rejected(file.path, found)),
        )

    def _changes_within(
        self, files: Sequence[TrackedFile], now: Sequence[LandedFile]
    ) -> dict[str, Rejected | None]:
        """Say of files whose size and time are the same why they can't be read as a batch names them."""
        inspections = self._inspect(now)
        return {
            file.path: _change_of_content(file, found) for file, found in zip(files, inspections, strict=True)
        }

    def _changes_of_access(
        self, files: Sequence[TrackedFile], now: Sequence[LandedFile]
    ) -> dict[str, Rejected | None]:
        """Say of files why they do not open; None of one that does."""
        pairs = zip(files, now, strict=True)
        reasons = by_threads(self._why_closed, pairs, threads=_OPENED_AT_ONCE, ahead=4 * _OPENED_AT_ONCE)
        return dict(zip([file.path for file in files], reasons, strict=True))

    def _why_closed(self, listed: tuple[TrackedFile, LandedFile]) -> Rejected | None:
        file, now = listed
        try:
            self.zone.check_opens(now)
        except (OSError, StorageError) as error:
            return Rejected(reason=why_unreadable(error), digest=file.digest)
        return None


def _change_of_state(file: TrackedFile, now: LandedFile | None) -> Rejected | None:
    """Say why a file, as it is listed now, can't be read as a batch names it; None when it may be."""
    if now is None:
        return Rejected(reason=_GONE, digest=file.digest)
    if now.fault is not None:
        return Rejected(reason=now.fault, digest=file.digest)
    if (now.size_bytes, now.modified_ms) != file.state:
        how = f"it had {file.size_bytes} bytes, and has {now.size_bytes}"
        return Rejected(reason=_changed(how), digest=file.digest)
    return None


def _change_of_content(file: TrackedFile, found: Inspection | None) -> Rejected | None:
    """Say why a file, as it is found now, can't be read as a batch names it; None when it can."""
    if found is None:
        return Rejected(reason=_GONE, digest=file.digest)
    if isinstance(found, Rejected):
        return found
    if found.digest != file.digest:
        return Rejected(reason=_changed("size and time are the same"), digest=found.digest)
    return None


def _changed(how: str) -> str:
    return f"it changed before its rows were written ({how})"
