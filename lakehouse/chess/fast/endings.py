"""What a position ends by itself, over words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import is_attacked
from lakehouse.chess.fast.bits import ONE, ZERO, Word, ctz, kernel, popcount
from lakehouse.chess.fast.movegen import count_moves
from lakehouse.chess.termination import Termination

__all__ = ["ENDING_CODES", "ending_code"]

ENDING_CODES = (
    None,
    Termination.CHECKMATE,
    Termination.STALEMATE,
    Termination.INSUFFICIENT_MATERIAL,
    Termination.FIVEFOLD_REPETITION,
    Termination.SEVENTYFIVE_MOVES,
)
"""By the code that ``ending_code`` gives."""

_SIX, _SEVEN = np.uint64(6), np.uint64(7)
_LIGHT = np.uint64(0x55AA55AA55AA55AA)
_HALFMOVE, _HALFMOVE_MASK, _ALL_75 = np.uint64(8), np.uint64(0xFFFFFF), np.uint64(150)


@kernel
def ending_code(rows: NDArray[np.uint64], at: Word, repetitions: int) -> int:
    """Return the place of the ending in ENDING_CODES, in the order of the rule engine."""
    if count_moves(rows, at) == ZERO:
        color = rows[at, 10] & ONE
        own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
        king = ctz(rows[at, 5] & own)
        return 1 if is_attacked(rows, at, king, own | enemy, enemy, color) else 2
    if not _can_mate(rows, at, ZERO) and not _can_mate(rows, at, ONE):
        return 3
    if repetitions >= 5:
        return 4
    return 5 if (rows[at, 10] >> _HALFMOVE & _HALFMOVE_MASK) >= _ALL_75 else 0


@kernel
def _can_mate(rows: NDArray[np.uint64], at: Word, color: Word) -> bool:
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    if (rows[at, 0] | rows[at, 3] | rows[at, 4]) & own:
        return True
    knights, bishops = rows[at, 1] & own, rows[at, 2] & own
    if knights:
        locks = (rows[at, 0] | rows[at, 1] | rows[at, 2] | rows[at, 3]) & enemy
        return popcount(knights) + popcount(bishops) > ONE or locks != ZERO
    if bishops:
        if rows[at, 0] | rows[at, 1]:
            return True
        return rows[at, 2] & _LIGHT != ZERO and rows[at, 2] & ~_LIGHT != ZERO
    return False
