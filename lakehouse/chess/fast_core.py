"""Finds the fast core, if numba is there to run it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lakehouse.chess.board import Board
from lakehouse.errors import MissingDependencyError
from lakehouse.optional_imports import find

__all__ = ["fast_perft_or_none", "fast_replay_or_none", "fast_splitter_or_none", "require"]


@cache
def fast_replay_or_none() -> Callable[..., Any] | None:
    """Return ``replay_fast``, or None without numba."""
    return _found("lakehouse.chess.fast.replaying", "replay_fast")


@cache
def fast_splitter_or_none() -> Callable[[bytes], Any] | None:
    """Return ``game_starts``, or None without numba."""
    return _found("lakehouse.chess.fast.splitting", "game_starts")


@cache
def fast_perft_or_none() -> Callable[[Board, int], int] | None:
    """Return ``fast_perft``, or None without numba."""
    return _found("lakehouse.chess.fast.perft", "fast_perft")


def _found(module: str, name: str) -> Any | None:
    loaded = find(module)
    return None if loaded is None else getattr(loaded, name)


def require(found: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return what was found. Raises MissingDependencyError."""
    if found is None:
        raise MissingDependencyError(package="numba", extra="fast", purpose="The fast core of chess")
    return found
