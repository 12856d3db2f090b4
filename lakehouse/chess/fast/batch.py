"""Games in a batch: their texts, and what the kernels make of them, each as arrays with an entry a game."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.game_kernel import STOPPED
from lakehouse.chess.fast.openings import OpeningHash
from lakehouse.chess.fast.rulings import NO_RULINGS, Rulings

__all__ = ["GameTexts", "PlayedGames", "Player", "play_batch"]

Player = Callable[..., int]
"""A kernel that plays games by its rules, such as ``game_kernel.play_games``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GameTexts:
    """Games to play: each from its line at ``begins`` to ``ends`` in ``data``, from its row in ``positions``."""

    data: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    variants: NDArray[np.int8]
    """By the place in ``starts.FAST_VARIANTS``."""
    positions: NDArray[np.uint64]
    status: NDArray[np.int8]
    """See ``game_kernel.PLAYED``: only a game with this status is played."""

    def take(self, games: NDArray[Any], *, status: int | None = None) -> GameTexts:
        """Return some of the games, in this order, with another status if one is given."""
        chosen = replace(
            self,
            begins=self.begins[games],
            ends=self.ends[games],
            variants=self.variants[games],
            positions=self.positions[games],
            status=self.status[games],
        )
        if status is not None:
            chosen.status[:] = status
        return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedGames:
    """What the kernels found, game by game; moves, keys and notes of all games one after the other."""

    status: NDArray[np.int8]
    plies: NDArray[np.int32]
    results: NDArray[np.int8]
    """0 not stated, 1 White won, 2 Black won, 3 a draw, 4 unfinished."""
    endings: NDArray[np.int8]
    """By the place in ENDING_CODES."""
    winners: NDArray[np.int8]
    """0 White, 1 Black, 2 nobody."""
    repetitions: NDArray[np.int32]
    openings: NDArray[np.int32]
    positions: NDArray[np.uint64]
    """The last positions, as rows."""
    stops: NDArray[np.int64]
    """Start and end of the word that a stopped game stopped at."""
    moves: NDArray[np.uint16]
    keys: NDArray[np.uint64]
    notes: NDArray[np.int32]
    """Rows of the moves' clocks in ms, centipawns and moves to mate; NOT_NOTED where nothing is said."""

    @property
    def moves_out(self) -> NDArray[np.int32]:
        """How many moves of each game are in ``moves``: a stopped game leaves its own out."""
        return np.where(self.status == STOPPED, 0, self.plies).astype(np.int32)

    def take(self, games: NDArray[Any]) -> PlayedGames:
        """Return what was found of some of the games, without moves."""
        return replace(
            self,
            **{name: getattr(self, name)[games] for name in _BY_GAME},
            moves=self.moves[:0],
            keys=self.keys[:0],
            notes=self.notes[:, :0],
        )


_BY_GAME = (
    "status",
    "plies",
    "results",
    "endings",
    "winners",
    "repetitions",
    "openings",
    "positions",
    "stops",
)


def play_batch(
    texts: GameTexts, *, player: Player, openings: OpeningHash, rulings: Rulings = NO_RULINGS
) -> PlayedGames:
    """Play the games by a kernel; the arrays of ``texts`` stay as they are."""
    games = len(texts.begins)
    room = int((texts.ends - texts.begins).sum()) // 2 + games + 1
    played = PlayedGames(
        status=texts.status.copy(),
        plies=np.zeros(games, dtype=np.int32),
        results=np.zeros(games, dtype=np.int8),
        endings=np.zeros(games, dtype=np.int8),
        winners=np.full(games, 2, dtype=np.int8),
        repetitions=np.zeros(games, dtype=np.int32),
        openings=np.full(games, -1, dtype=np.int32),
        positions=texts.positions.copy(),
        stops=np.zeros((games, 2), dtype=np.int64),
        moves=np.empty(room, dtype=np.uint16),
        keys=np.empty(room, dtype=np.uint64),
        notes=np.empty((3, room), dtype=np.int32),
    )
    made = player(
        texts.data,
        texts.begins,
        texts.ends,
        texts.variants,
        played.positions,
        played.status,
        played.plies,
        played.results,
        played.endings,
        played.winners,
        played.repetitions,
        played.openings,
        played.moves,
        played.keys,
        played.notes,
        played.stops,
        rulings.places,
        rulings.moves,
        openings.keys,
        openings.indices,
        openings.plies,
    )
    return replace(played, moves=played.moves[:made], keys=played.keys[:made], notes=played.notes[:, :made])
