"""What a listing found that needs a look, and how far it went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.listing_mark import ListingMark

__all__ = ["Candidates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The files that need a look."""

    files: tuple[LandedFile, ...]
    listed_after: ListingMark
    """Where the listing started: everything up to there is known already."""
    through: str
    """The last path that was listed or known."""

    def mark_after(self, settled: Collection[str]) -> ListingMark:
        """Return where the next listing starts, when a batch names these paths and leaves the others for later."""
        start, named = self.listed_after.through, set(settled)
        waiting = [file.path for file in self.files if file.path > start and file.path not in named]
        through = self.through
        if waiting:
            through = max((path for path in named if start < path < min(waiting)), default=start)
        return msgspec.structs.replace(self.listed_after, through=through)
