"""What is known of a large file while its parts are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.ingestion.formats import Inspection, InspectionInParts, Part, PartFinding, Wanted
from lakehouse.ingestion.inspecting.work import Found, Work
from lakehouse.ingestion.landed_files import LandedFile

__all__ = ["LargeFile"]

_MOST_ROUNDS = 3


class LargeFile:
    """Collects findings; says what to look at next, and in the end what the file is."""

    def __init__(self, at: int, file: LandedFile, look: InspectionInParts) -> None:
        self._at = at
        self._file = file
        self.look = look
        self._digest = ""
        self._findings: dict[Part, PartFinding | None] = {}
        self._rounds = 0

    def first_work(self) -> list[Work]:
        """Return a look at each part, and the digest, which only the whole has."""
        return [self._work(digest_only=True), *self._looks(self.look.parts())]

    def take(self, work: Work, found: Found) -> None:
        """Note what came of one piece of work."""
        if work.part is None:
            self._digest = found.digest
        else:
            self._findings[work.part] = found.part

    def told(self) -> Inspection | list[Work]:
        """Return what the file is, or the work that it takes to tell."""
        self._rounds += 1
        told = self.look.join(self._findings, digest=self._digest)
        if told is None or self._rounds > _MOST_ROUNDS:
            return [self._work()]
        return self._looks(told.parts) if isinstance(told, Wanted) else told

    def _looks(self, parts: Sequence[Part]) -> list[Work]:
        return [self._work(part=part) for part in parts]

    def _work(self, *, part: Part | None = None, digest_only: bool = False) -> Work:
        return Work(
            at=self._at,
            path=self._file.path,
            size_bytes=self._file.size_bytes,
            part=part,
            digest_only=digest_only,
        )
