"""Which moves a variant allows: each rule's answer for one move, over words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import bishop_attacks, is_attacked, rook_attacks
from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, kernel
from lakehouse.chess.fast.movegen import pawn_ends
from lakehouse.chess.fast.tables import BETWEEN, KING, KNIGHT, PAWN
from lakehouse.chess.fast.variants.numbers import BY_ATOMIC, BY_GIVING_AWAY, BY_HORDE, BY_RACE

__all__ = [
    "blast",
    "can_castle",
    "drop_is_legal",
    "has_move",
    "is_in_check",
    "king_is_unsafe",
    "passing_catchers",
    "step_is_legal",
]

_BISHOP, _ROOK, _QUEEN, _KING = (np.uint64(n) for n in (2, 3, 4, 5))
_TWO, _SIX, _SEVEN, _EIGHT, _SIXTEEN, _FIFTY_SIX = (np.uint64(n) for n in (2, 6, 7, 8, 16, 56))
_NO_SQUARE = np.uint64(64)
_FIRST_RANK, _LAST_RANKS = np.uint64(0xFF), np.uint64(0xFF000000000000FF)


@kernel
def king_is_unsafe(
    rows: NDArray[np.uint64], variant: int, king: Word, occupied: Word, enemy: Word, color: Word
) -> bool:
    """Say whether a king of ``color`` would be in check on a square: atomic kings that touch never are."""
    if variant == BY_ATOMIC and KING[king] & rows[0, 5] & enemy:
        return False
    return is_attacked(rows, ZERO, king, occupied, enemy, color)


@kernel
def is_in_check(rows: NDArray[np.uint64], variant: int, color: Word) -> bool:
    """Say whether the king of ``color`` is in check; a side without king never is, nor is anybody in antichess."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    kings = rows[0, 5] & own
    if variant == BY_GIVING_AWAY or not kings:
        return False
    return king_is_unsafe(rows, variant, ctz(kings), own | enemy, enemy, color)


@kernel
def _attacks(kind: Word, square: Word, occupied: Word, color: Word) -> Word:
    """Return the squares that a piece attacks."""
    if kind == ZERO:
        return PAWN[color, square]
    if kind == ONE:
        return KNIGHT[square]
    if kind == _KING:
        return KING[square]
    ends: Word = ZERO
    if kind != _ROOK:
        ends |= bishop_attacks(square, occupied)
    if kind != _BISHOP:
        ends |= rook_attacks(square, occupied)
    return ends


@kernel
def _ends(rows: NDArray[np.uint64], variant: int, kind: Word, square: Word, color: Word) -> Word:
    """Return where a piece may go by its own geometry; capturing in passing aside."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    occupied = own | enemy
    if kind != ZERO:
        return _attacks(kind, square, occupied, color) & ~own
    one, two, left, right = pawn_ends(bit(square), color, occupied, enemy)
    if variant == BY_HORDE and color == ZERO and bit(square) & _FIRST_RANK:
        two = (one << _EIGHT) & ~occupied
    return one | two | left | right


@kernel
def passing_catchers(rows: NDArray[np.uint64], passed: Word, color: Word) -> Word:
    """Return the pawns of ``color`` from which a passed square can be reached by a capture."""
    return PAWN[ONE - color, passed] & rows[0, 0] & rows[0, _SIX + color]


@kernel
def _can_capture(rows: NDArray[np.uint64], color: Word) -> bool:
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    if rows[0, 9] != _NO_SQUARE and passing_catchers(rows, rows[0, 9], color):
        return True
    for kind in range(6):
        pieces = rows[0, kind] & own
        while pieces:
            if _attacks(np.uint64(kind), ctz(pieces), own | enemy, color) & enemy:
                return True
            pieces &= pieces - ONE
    return False


@kernel
def blast(rows: NDArray[np.uint64], centre: Word) -> Word:
    """Return the squares that an explosion clears: its centre, and those around it without the pawns there."""
    return bit(centre) | (KING[centre] & ~rows[0, 0])


@kernel
def step_is_legal(
    rows: NDArray[np.uint64],
    variant: int,
    kind: Word,
    start: Word,
    target: Word,
    promotion: Word,
    color: Word,
) -> bool:
    """Say whether a move that a piece can make by its geometry is allowed."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    source, end = bit(start), bit(target)
    victim = enemy & end
    if kind == ZERO and target == rows[0, 9] and (start ^ target) & _SEVEN:
        victim = bit((start & _FIFTY_SIX) | (target & _SEVEN))
    if variant == BY_GIVING_AWAY:
        return victim != ZERO or not _can_capture(rows, color)
    if variant == BY_ATOMIC and victim:
        return _explosion_is_legal(rows, source, target, victim, color)
    occupied = ((own | enemy) & ~source & ~victim) | end
    enemy &= ~victim
    king = target if kind == _KING else ctz(rows[0, 5] & own)
    if king != _NO_SQUARE and king_is_unsafe(rows, variant, king, occupied, enemy, color):
        return False
    if variant != BY_RACE:
        return True
    hunted = rows[0, 5] & enemy
    if not hunted:
        return True
    if is_attacked(rows, ZERO, ctz(hunted), occupied, own & ~source, ONE - color):
        return False
    placed = promotion if promotion else kind
    return not _attacks(placed, target, occupied, color) & hunted


@kernel
def _explosion_is_legal(
    rows: NDArray[np.uint64], source: Word, target: Word, victim: Word, color: Word
) -> bool:
    """Say whether an atomic capture leaves the own king on the board, and safe unless the other one is gone."""
    gone = source | victim | blast(rows, target)
    own, enemy = rows[0, _SIX + color] & ~gone, rows[0, _SEVEN - color] & ~gone
    king = rows[0, 5] & own
    if not king:
        return False
    if not rows[0, 5] & enemy:
        return True
    return not king_is_unsafe(rows, BY_ATOMIC, ctz(king), own | enemy, enemy, color)


@kernel
def can_castle(rows: NDArray[np.uint64], variant: int, king: Word, rook: Word, color: Word) -> bool:
    """Say whether a king and a rook that have the right may castle now (FIDE 3.8.2)."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    home = king & _FIFTY_SIX
    king_end = home | (_SIX if rook > king else _TWO)
    rook_end = king_end - ONE if rook > king else king_end + ONE
    others = (own | enemy) ^ bit(king) ^ bit(rook)
    way = BETWEEN[king, king_end] | bit(king_end) | BETWEEN[rook, rook_end] | bit(rook_end)
    if way & others:
        return False
    steps = BETWEEN[king, king_end] | bit(king)
    while steps:
        if king_is_unsafe(rows, variant, ctz(steps), (own | enemy) ^ bit(king), enemy, color):
            return False
        steps &= steps - ONE
    return not king_is_unsafe(rows, variant, king_end, others | bit(rook_end) | bit(king_end), enemy, color)


@kernel
def drop_is_legal(rows: NDArray[np.uint64], target: Word, color: Word) -> bool:
    """Say whether a drop leaves the own king safe."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    king = ctz(rows[0, 5] & own)
    return not is_attacked(rows, ZERO, king, own | enemy | bit(target), enemy, color)


@kernel
def _has_drop(rows: NDArray[np.uint64], color: Word) -> bool:
    hand = (rows[0, 12] >> (np.uint64(30) * color)) & np.uint64(0x3FFFFFFF)
    if not hand:
        return False
    free = ~(rows[0, 6] | rows[0, 7])
    if not hand >> _SIX:  # pawns only
        free &= ~_LAST_RANKS
    while free:
        if drop_is_legal(rows, ctz(free), color):
            return True
        free &= free - ONE
    return False


@kernel
def has_move(rows: NDArray[np.uint64], variant: int, has_drops: bool) -> bool:
    """Say whether the side to move can move at all. Castling is never the only move: its king could step aside."""
    color = rows[0, 10] & ONE
    own = rows[0, _SIX + color]
    for number in range(6):
        kind = np.uint64(number)
        pieces = rows[0, number] & own
        while pieces:
            square = ctz(pieces)
            pieces &= pieces - ONE
            ends = _ends(rows, variant, kind, square, color)
            if ends and variant == BY_GIVING_AWAY:
                return True
            while ends:
                if step_is_legal(rows, variant, kind, square, ctz(ends), ZERO, color):
                    return True
                ends &= ends - ONE
    passed = rows[0, 9]
    if passed != _NO_SQUARE:
        catchers = passing_catchers(rows, passed, color)
        while catchers:
            if step_is_legal(rows, variant, ZERO, ctz(catchers), passed, ZERO, color):
                return True
            catchers &= catchers - ONE
    return has_drops and _has_drop(rows, color)
