"""Find the one piece that can make a move, from its end square backwards. No other move is generated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import is_attacked
from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, inlined, kernel
from lakehouse.chess.fast.movegen import castling_rooks
from lakehouse.chess.fast.tables import BETWEEN, DIAGONAL, KING, KNIGHT, ORTHOGONAL, PAWN

__all__ = ["CASTLES", "UNREAD", "reaching", "the_castling", "the_only"]

UNREAD = np.uint64(0xFFFF)
"""No legal move, more than one, or a text to look at twice."""
CASTLES = np.uint64(1 << 15)

_BISHOP, _ROOK, _FIVE, _SIX, _SEVEN = (np.uint64(n) for n in (2, 3, 5, 6, 7))
_EIGHT, _TWELVE, _SIXTEEN, _FIFTY_SIX = (np.uint64(n) for n in (8, 12, 16, 56))
_TWO_STEP_RANKS = np.array([0xFF000000, 0xFF00000000], dtype=np.uint64)


@inlined
def the_only(
    rows: NDArray[np.uint64], at: Word, kind: Word, origin: Word, target: Word, promotion: Word, color: Word
) -> Word:
    """Return the packed move of the one piece of a kind, on a square of ``origin``, that may go to the target."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    pieces = rows[at, kind] & own & origin
    if not pieces or own & bit(target):
        return UNREAD
    candidates = reaching(rows, at, kind, pieces, target, own | enemy, enemy, color)
    found = UNREAD
    while candidates:
        start = ctz(candidates)
        candidates &= candidates - ONE
        if _is_safe(rows, at, kind, start, target, color):
            if found != UNREAD:
                return UNREAD
            found = start | target << _SIX | promotion << _TWELVE
    return found


@inlined
def reaching(
    rows: NDArray[np.uint64],
    at: Word,
    kind: Word,
    pieces: Word,
    target: Word,
    occupied: Word,
    enemy: Word,
    color: Word,
) -> Word:
    """Return the pieces that move to the target, checks aside."""
    if kind == ZERO:
        return _pawns_reaching(rows, at, pieces, target, occupied, enemy, color)
    if kind == ONE:
        return KNIGHT[target] & pieces
    if kind == _FIVE:
        return KING[target] & pieces
    lines: Word = ZERO
    if kind != _ROOK:
        lines |= DIAGONAL[target]
    if kind != _BISHOP:
        lines |= ORTHOGONAL[target]
    pieces &= lines
    reaching = pieces
    while pieces:
        if BETWEEN[target, ctz(pieces)] & occupied:
            reaching ^= pieces & (ZERO - pieces)
        pieces &= pieces - ONE
    return reaching


@inlined
def _pawns_reaching(
    rows: NDArray[np.uint64],
    at: Word,
    pawns: Word,
    target: Word,
    occupied: Word,
    enemy: Word,
    color: Word,
) -> Word:
    word = bit(target)
    if enemy & word or target == rows[at, 9]:
        return PAWN[ONE - color, target] & pawns
    if occupied & word:
        return ZERO
    near = word << _EIGHT if color else word >> _EIGHT
    if occupied & near:
        return near & pawns
    if not word & _TWO_STEP_RANKS[color]:
        return ZERO
    return pawns & (word << _SIXTEEN if color else word >> _SIXTEEN)


@inlined
def _is_safe(rows: NDArray[np.uint64], at: Word, kind: Word, start: Word, target: Word, color: Word) -> bool:
    """Say whether the own king is safe after the move."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    occupied = ((own | enemy) & ~bit(start)) | bit(target)
    enemy &= ~bit(target)
    if kind == _FIVE:
        return not is_attacked(rows, at, target, occupied, enemy, color)
    if kind == ZERO and target == rows[at, 9]:
        victim = bit((start & _FIFTY_SIX) | (target & _SEVEN))
        occupied ^= victim
        enemy ^= victim
    return not _is_exposed(rows, at, ctz(rows[at, 5] & own), occupied, enemy, color)


@inlined
def _is_exposed(
    rows: NDArray[np.uint64], at: Word, king: Word, occupied: Word, enemy: Word, color: Word
) -> bool:
    """Say whether the king, which did not move, is attacked: cheap where no slider has it in its lines."""
    if (KNIGHT[king] & rows[at, 1] | PAWN[color, king] & rows[at, 0]) & enemy:
        return True
    snipers = ORTHOGONAL[king] & (rows[at, 3] | rows[at, 4]) | DIAGONAL[king] & (rows[at, 2] | rows[at, 4])
    snipers &= enemy
    while snipers:
        if not BETWEEN[king, ctz(snipers)] & occupied:
            return True
        snipers &= snipers - ONE
    return False


@kernel
def the_castling(rows: NDArray[np.uint64], at: Word, color: Word, is_short: bool) -> Word:
    """Return the packed castling to a side, or UNREAD."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    king = ctz(rows[at, 5] & own)
    if not rows[at, 8] & own or is_attacked(rows, at, king, own | enemy, enemy, color):
        return UNREAD
    rooks = castling_rooks(rows, at, king, color)
    while rooks:
        rook = ctz(rooks)
        if (rook > king) == is_short:
            return king | rook << _SIX | CASTLES
        rooks &= rooks - ONE
    return UNREAD
