"""Legal moves over words: count them, or list them as packed moves. Checks and pins are found first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import bishop_attacks, is_attacked, rook_attacks
from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, bit, ctz, kernel, popcount
from lakehouse.chess.fast.making import en_passant_is_safe
from lakehouse.chess.fast.tables import BETWEEN, DIAGONAL, KING, KNIGHT, LINE, ORTHOGONAL, PAWN

__all__ = ["castling_rooks", "checkers_of", "count_moves", "list_moves", "pawn_ends"]

_NOT_A, _NOT_H = np.uint64(0xFEFEFEFEFEFEFEFE), np.uint64(0x7F7F7F7F7F7F7F7F)
_THIRD, _SIXTH = np.uint64(0xFF0000), np.uint64(0xFF0000000000)
_LAST = np.uint64(0xFF000000000000FF)
_SIX, _SEVEN, _EIGHT, _NINE = np.uint64(6), np.uint64(7), np.uint64(8), np.uint64(9)
_TWELVE, _THREE, _FIFTY_SIX = np.uint64(12), np.uint64(3), np.uint64(56)
_TWO, _SIXTY_FOUR, _CASTLES = np.uint64(2), np.uint64(64), np.uint64(1 << 15)


@kernel
def checkers_of(rows: NDArray[np.uint64], at: Word, king: Word, color: Word) -> tuple[Word, Word]:
    """Return the pieces that give check, and the own pieces that are pinned."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    occupied = own | enemy
    checkers = (KNIGHT[king] & rows[at, 1] | PAWN[color, king] & rows[at, 0]) & enemy
    snipers = ORTHOGONAL[king] & (rows[at, 3] | rows[at, 4]) | DIAGONAL[king] & (rows[at, 2] | rows[at, 4])
    snipers &= enemy
    pinned = ZERO
    while snipers:
        sniper = ctz(snipers)
        snipers &= snipers - ONE
        blockers = BETWEEN[king, sniper] & occupied
        if not blockers:
            checkers |= bit(sniper)
        elif not blockers & (blockers - ONE):
            pinned |= blockers & own
    return checkers, pinned


@kernel
def _targets(rows: NDArray[np.uint64], at: Word, checkers: Word, king: Word, own: Word) -> Word:
    """Return where pieces other than the king may go: anywhere, or into the one check's way."""
    if not checkers:
        return ~own
    if checkers & (checkers - ONE):
        return ZERO
    return BETWEEN[king, ctz(checkers)] | checkers


@kernel
def _king_steps(rows: NDArray[np.uint64], at: Word, king: Word, color: Word) -> Word:
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    occupied = (own | enemy) ^ bit(king)
    steps = KING[king] & ~own
    safe = ZERO
    while steps:
        step = ctz(steps)
        steps &= steps - ONE
        if not is_attacked(rows, at, step, occupied, enemy & ~bit(step), color):
            safe |= bit(step)
    return safe


@kernel
def castling_rooks(rows: NDArray[np.uint64], at: Word, king: Word, color: Word) -> Word:
    """Return the rooks that the king may castle with; it is known not to be in check."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    rooks = rows[at, 8] & own
    found = ZERO
    while rooks:
        rook = ctz(rooks)
        rooks &= rooks - ONE
        home = king & _FIFTY_SIX
        king_end = home | (_SIX if rook > king else _TWO)
        rook_end = king_end - ONE if rook > king else king_end + ONE
        others = (own | enemy) ^ bit(king) ^ bit(rook)
        way = BETWEEN[king, king_end] | bit(king_end) | BETWEEN[rook, rook_end] | bit(rook_end)
        if way & others:
            continue
        is_safe = not is_attacked(rows, at, king_end, others | bit(rook_end), enemy, color)
        steps = BETWEEN[king, king_end]
        while steps and is_safe:
            is_safe = not is_attacked(rows, at, ctz(steps), (own | enemy) ^ bit(king), enemy, color)
            steps &= steps - ONE
        if is_safe:
            found |= bit(rook)
    return found


@kernel
def pawn_ends(pawns: Word, color: Word, occupied: Word, enemy: Word) -> tuple[Word, Word, Word, Word]:
    """Return where pawns go: one step, two steps, captures on the a-file's side, on the h-file's."""
    free = ~occupied
    if color == ZERO:
        one = (pawns << _EIGHT) & free
        two = ((one & _THIRD) << _EIGHT) & free
        return one, two, ((pawns & _NOT_A) << _SEVEN) & enemy, ((pawns & _NOT_H) << _NINE) & enemy
    one = (pawns >> _EIGHT) & free
    two = ((one & _SIXTH) >> _EIGHT) & free
    return one, two, ((pawns & _NOT_A) >> _NINE) & enemy, ((pawns & _NOT_H) >> _SEVEN) & enemy


@kernel
def _count_pawns(pawns: Word, color: Word, occupied: Word, enemy: Word, targets: Word) -> Word:
    one, two, left, right = pawn_ends(pawns, color, occupied, enemy)
    one &= targets
    two &= targets
    left &= targets
    right &= targets
    count = popcount(one) + popcount(two) + popcount(left) + popcount(right)
    if (one | left | right) & _LAST:
        count += _THREE * (popcount(one & _LAST) + popcount(left & _LAST) + popcount(right & _LAST))
    return count


@kernel
def _count_en_passant(rows: NDArray[np.uint64], at: Word, color: Word) -> Word:
    passed = rows[at, 9]
    if passed == _SIXTY_FOUR:
        return ZERO
    count = ZERO
    catchers = PAWN[ONE - color, passed] & rows[at, 0] & rows[at, _SIX + color]
    while catchers:
        if en_passant_is_safe(rows, at, ctz(catchers), passed, color):
            count += ONE
        catchers &= catchers - ONE
    return count


@kernel
def count_moves(rows: NDArray[np.uint64], at: Word) -> Word:
    """Return how many legal moves the position has."""
    color = rows[at, 10] & ONE
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    occupied = own | enemy
    king = ctz(rows[at, 5] & own)
    checkers, pinned = checkers_of(rows, at, king, color)
    count = popcount(_king_steps(rows, at, king, color))
    targets = _targets(rows, at, checkers, king, own)
    if not targets:
        return count
    if not checkers and rows[at, 8] & own:
        count += popcount(castling_rooks(rows, at, king, color))
    free = own & ~pinned
    pieces = rows[at, 1] & free
    while pieces:
        count += popcount(KNIGHT[ctz(pieces)] & targets)
        pieces &= pieces - ONE
    pieces = (rows[at, 2] | rows[at, 4]) & own
    while pieces:
        square = ctz(pieces)
        pieces &= pieces - ONE
        line = LINE[king, square] if pinned & bit(square) else ALL
        count += popcount(bishop_attacks(square, occupied) & targets & line)
    pieces = (rows[at, 3] | rows[at, 4]) & own
    while pieces:
        square = ctz(pieces)
        pieces &= pieces - ONE
        line = LINE[king, square] if pinned & bit(square) else ALL
        count += popcount(rook_attacks(square, occupied) & targets & line)
    count += _count_pawns(rows[at, 0] & free, color, occupied, enemy, targets)
    pieces = rows[at, 0] & own & pinned
    while pieces:
        square = ctz(pieces)
        pieces &= pieces - ONE
        count += _count_pawns(bit(square), color, occupied, enemy, targets & LINE[king, square])
    return count + _count_en_passant(rows, at, color)


@kernel
def _list_to(moves: NDArray[np.uint16], n: int, start: Word, ends: Word, is_pawn: bool) -> int:
    while ends:
        end = ctz(ends)
        ends &= ends - ONE
        move = start | end << _SIX
        if is_pawn and bit(end) & _LAST:
            for promotion in range(4, 0, -1):
                moves[n] = move | np.uint64(promotion) << _TWELVE
                n += 1
        else:
            moves[n] = move
            n += 1
    return n


@kernel
def list_moves(rows: NDArray[np.uint64], at: Word, moves: NDArray[np.uint16]) -> int:
    """Write the legal moves into ``moves`` (of 256 at least) and return how many there are."""
    color = rows[at, 10] & ONE
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    occupied = own | enemy
    king = ctz(rows[at, 5] & own)
    checkers, pinned = checkers_of(rows, at, king, color)
    n = _list_to(moves, 0, king, _king_steps(rows, at, king, color), False)
    targets = _targets(rows, at, checkers, king, own)
    if not targets:
        return n
    if not checkers and rows[at, 8] & own:
        rooks = castling_rooks(rows, at, king, color)
        while rooks:
            moves[n] = king | ctz(rooks) << _SIX | _CASTLES
            rooks &= rooks - ONE
            n += 1
    pieces = own & ~bit(king)
    while pieces:
        square = ctz(pieces)
        word = bit(square)
        pieces &= pieces - ONE
        mask = targets & LINE[king, square] if pinned & word else targets
        ends: Word = ZERO
        is_pawn = False
        if rows[at, 0] & word:
            one, two, left, right = pawn_ends(word, color, occupied, enemy)
            ends = one | two | left | right
            is_pawn = True
        elif rows[at, 1] & word:
            ends = KNIGHT[square]
        else:
            if (rows[at, 2] | rows[at, 4]) & word:
                ends |= bishop_attacks(square, occupied)
            if (rows[at, 3] | rows[at, 4]) & word:
                ends |= rook_attacks(square, occupied)
        n = _list_to(moves, n, square, ends & mask, is_pawn)
    return _list_en_passant(rows, at, color, moves, n)


@kernel
def _list_en_passant(
    rows: NDArray[np.uint64], at: Word, color: Word, moves: NDArray[np.uint16], n: int
) -> int:
    passed = rows[at, 9]
    if passed == _SIXTY_FOUR:
        return n
    catchers = PAWN[ONE - color, passed] & rows[at, 0] & rows[at, _SIX + color]
    while catchers:
        start = ctz(catchers)
        catchers &= catchers - ONE
        if en_passant_is_safe(rows, at, start, passed, color):
            moves[n] = start | passed << _SIX
            n += 1
    return n
