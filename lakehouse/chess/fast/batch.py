"""Replay a batch of games from Arrow buffers: the fast twin of ``lakehouse.chess.replay.replay_game``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel
from lakehouse.chess.fast.fen_text import FEN_ROOM, write_fen
from lakehouse.chess.fast.game_kernel import play_games
from lakehouse.chess.fast.openings import OpeningHash

__all__ = ["PlayedGames", "play_batch", "write_fens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedGames:
    """What the kernels found, game by game; moves, keys and clocks of all games one after the other."""

    status: NDArray[np.int8]
    plies: NDArray[np.int32]
    results: NDArray[np.int8]
    """0 none, 1 White won, 2 Black won, 3 a draw, 4 unfinished."""
    endings: NDArray[np.int8]
    repetitions: NDArray[np.int32]
    openings: NDArray[np.int32]
    positions: NDArray[np.uint64]
    """The last positions, as rows."""
    moves: NDArray[np.uint16]
    keys: NDArray[np.uint64]
    clocks_ms: NDArray[np.int32]
    """-1 where no clock was noted."""


def play_batch(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    begins: NDArray[np.int64],
    *,
    positions: NDArray[np.uint64],
    status: NDArray[np.int8],
    openings: OpeningHash,
) -> PlayedGames:
    """Play the games that lie between ``bounds`` in ``data``, each from its line at ``begins`` and its row in
    ``positions``.

    ``positions`` and ``status`` are written over.
    """
    games = len(bounds) - 1
    room = int(bounds[-1] - bounds[0]) // 2 + 1 if games else 1
    plies, repetitions, found = (np.zeros(games, dtype=np.int32) for _ in range(3))
    results, endings = (np.zeros(games, dtype=np.int8) for _ in range(2))
    moves = np.empty(room, dtype=np.uint16)
    keys = np.empty(room, dtype=np.uint64)
    clocks_ms = np.empty(room, dtype=np.int32)
    made = play_games(
        data,
        bounds,
        begins,
        positions,
        status,
        plies,
        results,
        endings,
        repetitions,
        found,
        moves,
        keys,
        clocks_ms,
        openings.keys,
        openings.indices,
        openings.plies,
    )
    return PlayedGames(
        status=status,
        plies=plies,
        results=results,
        endings=endings,
        repetitions=repetitions,
        openings=found,
        positions=positions,
        moves=moves[:made],
        keys=keys[:made],
        clocks_ms=clocks_ms[:made],
    )


def write_fens(positions: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return the FENs of rows as Arrow string buffers: offsets and bytes."""
    offsets = np.zeros(len(positions) + 1, dtype=np.int32)
    out = np.empty(len(positions) * FEN_ROOM, dtype=np.uint8)
    end = _write_all(positions, offsets, out)
    return offsets, out[:end]


@kernel
def _write_all(positions: NDArray[np.uint64], offsets: NDArray[np.int32], out: NDArray[np.uint8]) -> int:
    squares = np.zeros(64, dtype=np.uint8)
    n = 0
    for at in range(len(positions)):
        n = write_fen(positions, np.uint64(at), out, n, squares)
        offsets[at + 1] = n
    return n
