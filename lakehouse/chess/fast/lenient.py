"""Resolve any readable word on a board of standard chess or Chess960. The rest is left to the strategies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, ctz, kernel
from lakehouse.chess.fast.movegen import list_moves
from lakehouse.chess.fast.reading import COORDINATES, LONG_CASTLING, SHORT_CASTLING, STEP, read_move
from lakehouse.chess.fast.resolving import CASTLES, UNREAD, the_castling, the_only

__all__ = ["read_lenient"]

_TWO, _FOUR, _SIX, _TWELVE, _FIFTY_SIX, _SQUARE = (np.uint64(n) for n in (2, 4, 6, 12, 56, 63))


@kernel
def read_lenient(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    rows: NDArray[np.uint64],
    at: Word,
    moves: NDArray[np.uint16],
) -> Word:
    """Return the packed legal move that the bytes from ``start`` to ``end`` name, or UNREAD.

    ``moves`` is room for a list of moves.
    """
    form, kind, origin, target, promotion = read_move(data, start, end)
    color = rows[at, 10] & ONE
    if promotion > _FOUR:
        return UNREAD
    if form == STEP:
        return the_only(rows, at, kind, origin, target, promotion, color)
    if form == SHORT_CASTLING or form == LONG_CASTLING:
        return the_castling(rows, at, color, form == SHORT_CASTLING)
    if form == COORDINATES:
        return _listed(rows, at, moves, ctz(origin), target, promotion)
    return UNREAD


@kernel
def _listed(
    rows: NDArray[np.uint64], at: Word, moves: NDArray[np.uint16], origin: Word, target: Word, promotion: Word
) -> Word:
    """Return the legal move from square to square; a castling is the king's two steps, unless they are a step of
    its own, or king takes rook."""
    plain = origin | target << _SIX | promotion << _TWELVE
    home = origin & _FIFTY_SIX
    n = list_moves(rows, at, moves)
    castled = UNREAD
    for index in range(n):
        move = np.uint64(moves[index])
        if move == plain:
            return move
        if promotion == ZERO and move & CASTLES and move & _SQUARE == origin:
            rook = move >> _SIX & _SQUARE
            if rook == target:
                return move
            if target == home | (_SIX if rook > origin else _TWO):
                castled = move
    return castled
