"""How far an earlier fetch came with a chain, so that no page is asked for that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

__all__ = ["ChainProgress", "progress_of"]


class ChainProgress(msgspec.Struct, kw_only=True):
    """The pages of a chain that are there."""

    positions: list[dict[str, Any]] = msgspec.field(default_factory=list)
    follows: dict[str, Any] | None = None
    """The position after the last of them, where pages come one after the other."""
    ends_with: dict[str, Any] | None = None
    """The position of the last page of the list; None where it did not come yet."""


def progress_of(
    pages: Iterable[tuple[int, dict[str, Any], dict[str, Any] | None]],
) -> Mapping[int, ChainProgress]:
    """Return the progress by chain from what came: chain, position, and the position that follows it.

    The pages of a chain are in the order in which they came.
    """
    found: dict[int, ChainProgress] = {}
    for chain, position, follows in pages:
        progress = found.setdefault(chain, ChainProgress())
        progress.positions.append(position)
        progress.follows = follows
        if follows is None:
            progress.ends_with = position
    return found
