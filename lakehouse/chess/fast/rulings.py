"""What the strategies said of words that a kernel can't read: it looks them up when it plays the game again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel

__all__ = ["FAULT", "NO_RULING", "NO_RULINGS", "PASS_OVER", "Rulings", "ruling_on"]

PASS_OVER, FAULT, NO_RULING = 1 << 16, 1 << 17, 1 << 18
"""In place of a packed move: the word says nothing, the word ends the game, nobody was asked about the word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """Rulings by the place of their word in the data, in order of the places."""

    places: NDArray[np.int64]
    moves: NDArray[np.int64]
    """A packed move, PASS_OVER or FAULT."""

    @classmethod
    def of(cls, rulings: dict[int, int]) -> Rulings:
        """Return the rulings of places in any order."""
        places = sorted(rulings)
        return cls(
            places=np.array(places, dtype=np.int64),
            moves=np.array([rulings[place] for place in places], dtype=np.int64),
        )


NO_RULINGS = Rulings.of({})


@kernel
def ruling_on(places: NDArray[np.int64], moves: NDArray[np.int64], place: int) -> int:
    """Return the ruling on the word at a place, or NO_RULING."""
    index = np.searchsorted(places, place)
    if index < len(places) and places[index] == place:
        return moves[index]
    return NO_RULING
