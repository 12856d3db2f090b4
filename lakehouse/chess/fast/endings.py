"""What a position ends by itself, over words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import is_attacked
from lakehouse.chess.fast.bits import ONE, ZERO, Word, ctz, kernel, popcount
from lakehouse.chess.fast.movegen import count_moves
from lakehouse.chess.termination import Termination

__all__ = [
    "DEAD",
    "ENDING_CODES",
    "FIVEFOLD",
    "GOAL_REACHED",
    "MATED",
    "SEVENTYFIVE",
    "STALEMATED",
    "TO_BE_JUDGED",
    "ending_code",
    "seventyfive_moves_made",
]

ENDING_CODES = (
    None,
    Termination.CHECKMATE,
    Termination.STALEMATE,
    Termination.INSUFFICIENT_MATERIAL,
    Termination.FIVEFOLD_REPETITION,
    Termination.SEVENTYFIVE_MOVES,
    Termination.VARIANT_GOAL,
)
"""By the code that ``ending_code`` gives."""
MATED, STALEMATED, DEAD, FIVEFOLD, SEVENTYFIVE, GOAL_REACHED, TO_BE_JUDGED = range(1, 8)
"""Behind the codes, TO_BE_JUDGED: the strategies must look at the position."""

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
        return MATED if is_attacked(rows, at, king, own | enemy, enemy, color) else STALEMATED
    if not _can_mate(rows, at, ZERO) and not _can_mate(rows, at, ONE):
        return DEAD
    if repetitions >= 5:
        return FIVEFOLD
    return SEVENTYFIVE if seventyfive_moves_made(rows, at) else 0


@kernel
def seventyfive_moves_made(rows: NDArray[np.uint64], at: Word) -> bool:
    """Say whether 75 moves of each side were made without a capture or pawn move (FIDE 9.6.2)."""
    return (rows[at, 10] >> _HALFMOVE & _HALFMOVE_MASK) >= _ALL_75


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
