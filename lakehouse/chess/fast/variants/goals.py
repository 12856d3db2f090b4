"""What ends a variant's game: its goal, no moves, repetition and the counters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, bit, ctz, kernel, popcount
from lakehouse.chess.fast.endings import (
    FIVEFOLD,
    GOAL_REACHED,
    MATED,
    SEVENTYFIVE,
    STALEMATED,
    TO_BE_JUDGED,
    seventyfive_moves_made,
)
from lakehouse.chess.fast.tables import KING
from lakehouse.chess.fast.variants.legality import has_move, is_in_check, step_is_legal
from lakehouse.chess.fast.variants.numbers import (
    BY_ATOMIC,
    BY_CHECKS,
    BY_DROPS,
    BY_GIVING_AWAY,
    BY_HILL,
    BY_HORDE,
    BY_RACE,
)

__all__ = ["NOBODY", "NOT_REACHED", "goal_winner", "variant_ending"]

WHITE_WINS, BLACK_WINS, NOBODY, NOT_REACHED = range(4)
"""Who won by reaching the goal; NOBODY is a draw."""

_SIX, _SEVEN, _EIGHT = (np.uint64(n) for n in (6, 7, 8))
_KING, _FEW_PIECES, _CHECKS = np.uint64(5), np.uint64(4), np.uint64(0xFF)
_HILL = np.uint64(0x0000001818000000)
_EIGHTH_RANK, _SEVENTH = np.uint64(0xFF00000000000000), np.uint64(6)
_THREE = np.uint64(3)


@kernel
def goal_winner(rows: NDArray[np.uint64], variant: int) -> int:
    """Return who has reached the variant's goal."""
    white, black = rows[0, 6], rows[0, 7]
    kings = rows[0, 5]
    if variant == BY_HILL:
        on_hill = kings & _HILL
        if not on_hill:
            return NOT_REACHED
        return WHITE_WINS if white & bit(ctz(on_hill)) else BLACK_WINS
    if variant == BY_CHECKS:
        if rows[0, 12] & _CHECKS and (rows[0, 12] >> _EIGHT) & _CHECKS:
            return NOT_REACHED
        return BLACK_WINS if rows[0, 12] & _CHECKS else WHITE_WINS
    if variant == BY_GIVING_AWAY:
        return WHITE_WINS if not white else BLACK_WINS if not black else NOT_REACHED
    if variant == BY_ATOMIC:
        return BLACK_WINS if not kings & white else WHITE_WINS if not kings & black else NOT_REACHED
    if variant == BY_HORDE:
        return NOT_REACHED if white else BLACK_WINS
    return _race_winner(rows) if variant == BY_RACE else NOT_REACHED


@kernel
def _race_winner(rows: NDArray[np.uint64]) -> int:
    white, black = rows[0, 5] & rows[0, 6] & _EIGHTH_RANK, rows[0, 5] & rows[0, 7] & _EIGHTH_RANK
    if white and black:
        return NOBODY
    if black:
        return BLACK_WINS
    if not white or (rows[0, 10] & ONE and _black_can_follow(rows)):
        return NOT_REACHED
    return WHITE_WINS


@kernel
def _black_can_follow(rows: NDArray[np.uint64]) -> bool:
    king = ctz(rows[0, 5] & rows[0, 7])
    if king >> _THREE != _SEVENTH:
        return False
    ends = KING[king] & _EIGHTH_RANK & ~rows[0, 7]
    while ends:
        if step_is_legal(rows, BY_RACE, _KING, king, ctz(ends), ZERO, ONE):
            return True
        ends &= ends - ONE
    return False


@kernel
def variant_ending(rows: NDArray[np.uint64], variant: int, repetitions: int) -> tuple[int, int]:
    """Return the code of the ending, as ``ending_code`` does, and who won.

    Where the material may be too little to go on, the strategies are to judge: TO_BE_JUDGED.
    """
    winner = goal_winner(rows, variant)
    if winner != NOT_REACHED:
        return GOAL_REACHED, winner
    color = rows[0, 10] & ONE
    if not has_move(rows, variant, variant == BY_DROPS):
        if is_in_check(rows, variant, color):
            return MATED, WHITE_WINS if color else BLACK_WINS
        if variant == BY_GIVING_AWAY:
            return STALEMATED, BLACK_WINS if color else WHITE_WINS
        return STALEMATED, NOBODY
    is_heavy = rows[0, 0] | rows[0, 3] | rows[0, 4]
    if not is_heavy or popcount(rows[0, 6] | rows[0, 7]) <= _FEW_PIECES:
        return TO_BE_JUDGED, NOBODY
    if repetitions >= 5:
        return FIVEFOLD, NOBODY
    return (SEVENTYFIVE if seventyfive_moves_made(rows, ZERO) else 0), NOBODY
