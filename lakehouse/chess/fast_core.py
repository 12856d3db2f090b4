"""Finds the fast core, if numba is there to run it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lakehouse.chess.board import Board
from lakehouse.errors import MissingDependencyError

__all__ = ["fast_perft_or_none", "fast_replay_or_none", "fast_splitter_or_none", "require"]


@cache
def fast_replay_or_none() -> Callable[..., Any] | None:
    """Return ``replay_fast``, or None without numba."""
    try:
        from lakehouse.chess.fast.replaying import replay_fast  # noqa: PLC0415
    except ImportError:
        return None
    return replay_fast


@cache
def fast_splitter_or_none() -> Callable[[bytes], Any] | None:
    """Return ``game_starts``, or None without numba."""
    try:
        from lakehouse.chess.fast.splitting import game_starts  # noqa: PLC0415
    except ImportError:
        return None
    return game_starts


@cache
def fast_perft_or_none() -> Callable[[Board, int], int] | None:
    """Return ``fast_perft``, or None without numba."""
    try:
        from lakehouse.chess.fast.perft import fast_perft  # noqa: PLC0415
    except ImportError:
        return None
    return fast_perft


def require(found: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return what was found. Raises MissingDependencyError."""
    if found is None:
        raise MissingDependencyError(package="numba", extra="fast", purpose="The fast core of chess")
    return found
