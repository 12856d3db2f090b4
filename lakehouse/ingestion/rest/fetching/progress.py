"""How far an earlier fetch came with a chain, so that no page is asked for that is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

__all__ = ["ChainProgress", "position_key", "progress_of"]


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
    """Return the progress by chain from what came, in any order: chain, position, the position that follows it."""
    found: dict[int, ChainProgress] = {}
    open_ends: dict[int, list[dict[str, Any]]] = {}
    for chain, position, follows in pages:
        progress = found.setdefault(chain, ChainProgress())
        progress.positions.append(position)
        if follows is None:
            progress.ends_with = position
        else:
            open_ends.setdefault(chain, []).append(follows)
    for chain, ends in open_ends.items():
        found[chain].follows = _not_there(ends, found[chain])
    return found


def _not_there(ends: list[dict[str, Any]], progress: ChainProgress) -> dict[str, Any] | None:
    """Return the position that no page has. Where each has its page, the pages go in a circle: the last one."""
    if progress.ends_with is not None:
        return None
    there = {position_key(each) for each in progress.positions}
    return next((each for each in ends if position_key(each) not in there), ends[-1])


def position_key(position: Mapping[str, Any]) -> bytes:
    """Return what two equal positions have in common."""
    return hashlib.blake2b(msgspec.json.encode(position, order="deterministic"), digest_size=8).digest()
