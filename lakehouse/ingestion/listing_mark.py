"""How far a landing zone was listed whose names grow, so that the next listing starts there."""

from __future__ import annotations

import msgspec

__all__ = ["ListingMark"]

_LONGEST_SECONDS = 24 * 3600.0


class ListingMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch says to the listings after it.

    Every file whose path is at most ``through`` and that lay there at the time is known to the batch or to
    those before it. A later one with a smaller path is found by the next complete listing, a day later at most.
    """

    zone: str
    """The landing zone's name: what was listed of one says nothing about another."""
    complete_seconds: float
    """When all of it was listed for the last time, since the epoch."""
    through: str

    @classmethod
    def from_json(cls, body: bytes | None) -> ListingMark | None:
        """Return what was written; None where nothing was."""
        return msgspec.json.decode(body, type=cls) if body else None

    def is_good(self, zone: str, now: float) -> bool:
        """Say whether a listing may start here; with a clock that was set back, it may not."""
        return self.zone == zone and 0 <= now - self.complete_seconds < _LONGEST_SECONDS
