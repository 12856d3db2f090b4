"""Attacks over words. Sliders by obstruction difference: no magic numbers, no large tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, clz, kernel
from lakehouse.chess.fast.tables import (
    ANTIDIAGONAL_HIGH,
    ANTIDIAGONAL_LOW,
    DIAGONAL_HIGH,
    DIAGONAL_LOW,
    FILE_HIGH,
    FILE_LOW,
    KING,
    KNIGHT,
    PAWN,
    RANK_HIGH,
    RANK_LOW,
)

__all__ = ["bishop_attacks", "is_attacked", "rook_attacks"]

_TOP = np.uint64(63)


@kernel
def _line(low: Word, high: Word, occupied: Word) -> Word:
    """Return what a slider attacks of a line: from the nearest piece below to the nearest above."""
    below = low & occupied
    above = high & occupied
    from_below = ALL << (_TOP - clz(below | ONE))
    nearest_above = above & (ZERO - above)
    return (low | high) & (from_below + (nearest_above << ONE))


@kernel
def rook_attacks(square: Word, occupied: Word) -> Word:
    """Return the squares that a rook attacks."""
    return _line(RANK_LOW[square], RANK_HIGH[square], occupied) | _line(
        FILE_LOW[square], FILE_HIGH[square], occupied
    )


@kernel
def bishop_attacks(square: Word, occupied: Word) -> Word:
    """Return the squares that a bishop attacks."""
    return _line(DIAGONAL_LOW[square], DIAGONAL_HIGH[square], occupied) | _line(
        ANTIDIAGONAL_LOW[square], ANTIDIAGONAL_HIGH[square], occupied
    )


@kernel
def is_attacked(
    rows: NDArray[np.uint64],
    at: Word,
    square: Word,
    occupied: Word,
    enemy: Word,
    own_color: Word,
) -> bool:
    """Say whether pieces of the word ``enemy`` attack a square of the other colour, over ``occupied``."""
    if KNIGHT[square] & rows[at, 1] & enemy:
        return True
    if PAWN[own_color, square] & rows[at, 0] & enemy:
        return True
    if KING[square] & rows[at, 5] & enemy:
        return True
    diagonal = (rows[at, 2] | rows[at, 4]) & enemy
    if diagonal and bishop_attacks(square, occupied) & diagonal:
        return True
    orthogonal = (rows[at, 3] | rows[at, 4]) & enemy
    return bool(orthogonal and rook_attacks(square, occupied) & orthogonal)
