"""How a result was computed, in a few words."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["refreshed_by"]


def refreshed_by(how: str, details: Mapping[str, int]) -> str:
    """Return the words for ``incremental: …`` or ``whole: …``, with the groups that were touched."""
    kind, _, why = how.partition(": ")
    if kind == "incremental" and "groups" in details:
        return f"incremental, {details['groups_touched']:,} of {details['groups']:,} groups"
    return f"computed from all rows: {why}"
