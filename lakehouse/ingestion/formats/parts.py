"""A large file that is inspected in parts, side by side: what one part tells, and what they tell together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from lakehouse.ingestion.formats.verdicts import Inspection

__all__ = ["InspectionInParts", "Part", "PartFinding", "Wanted"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a file that begin within a range of bytes."""

    start: int
    stop: int
    in_quotes: bool = False
    """Whether the range is taken to begin within quotes, which nothing in it tells."""


class PartFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a part tells about itself."""

    begins_at: int
    """The byte at which the first of its lines begins."""
    ends_in_quotes: bool
    is_plain: bool
    header: tuple[str, ...] = ()
    """The fields of the first row; only the first part has it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Parts that have to be looked at before the whole can be told."""

    parts: Sequence[Part]


class InspectionInParts(ABC):
    """How one large file is inspected in parts. It travels to tasks."""

    @abstractmethod
    def parts(self) -> Sequence[Part]:
        """Return the parts to look at first; together they are the file."""

    @abstractmethod
    def look(self, content: Iterator[bytes], part: Part) -> PartFinding | None:
        """Return what is found in a part; None where only a look at the whole file tells.

        ``content`` has the file's bytes from one before the part's start (from its start for the first part)
        to the end of the file; no more of them are taken than are needed.
        """

    @abstractmethod
    def join(self, found: Mapping[Part, PartFinding | None], *, digest: str) -> Inspection | Wanted | None:
        """Return what the parts together tell, or which parts it takes to tell; None: look at the whole file."""
