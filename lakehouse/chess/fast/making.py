"""Make a move on a row in place: counters, rights and Zobrist key included. Colours are words, as squares are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import is_attacked
from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, inlined, kernel
from lakehouse.chess.fast.tables import PAWN, ZOBRIST

__all__ = [
    "begin_move",
    "castle",
    "count_zero",
    "en_passant_is_safe",
    "kind_at",
    "lose_rights",
    "make",
    "offer_passed_square",
    "piece_number",
    "step",
    "take_piece",
]

_TWO, _THREE, _FIVE, _SIX, _SEVEN = (np.uint64(n) for n in (2, 3, 5, 6, 7))
_TWELVE, _SIXTEEN, _FIFTY_SIX, _SIXTY_FOUR = (np.uint64(n) for n in (12, 16, 56, 64))
_SQUARE = np.uint64(63)
_CASTLES = np.uint64(15)
_HALFMOVE, _NO_HALFMOVES, _FULLMOVE = np.uint64(1 << 8), ~np.uint64(0xFFFFFF << 8), np.uint64(32)
_EN_PASSANT_OFFSET, _CASTLING_OFFSET, _BLACK_TO_MOVE = np.uint64(832), np.uint64(768), ZOBRIST[840]
_HOME = np.uint64(0xFF)


@inlined
def kind_at(rows: NDArray[np.uint64], at: Word, word: Word) -> Word:
    """Return the kind (0 pawn … 5 king) of the piece on the one square of ``word``; 6 for none."""
    kind = ZERO
    while kind < _SIX and not rows[at, kind] & word:
        kind += ONE
    return kind


@inlined
def piece_number(kind: Word, color: Word, square: Word) -> Word:
    """Return the Zobrist number of a piece on a square."""
    return ZOBRIST[((kind + _SIX * color) << _SIX) + square]


@kernel
def en_passant_is_safe(rows: NDArray[np.uint64], at: Word, start: Word, end: Word, color: Word) -> bool:
    """Say whether a capture in passing leaves the king of ``color`` safe: both pawns leave the rank."""
    own, enemy = rows[at, _SIX + color], rows[at, _SEVEN - color]
    victim = bit((start & _FIFTY_SIX) | (end & _SEVEN))
    occupied = ((own | enemy) ^ bit(start) ^ victim) | bit(end)
    king = ctz(rows[at, _FIVE] & own)
    return not is_attacked(rows, at, king, occupied, enemy ^ victim, color)


@inlined
def begin_move(rows: NDArray[np.uint64], at: Word, color: Word) -> None:
    """Give the move to the other side: turn, counters, and no capture in passing any more."""
    rows[at, 10] = (rows[at, 10] ^ ONE) + _HALFMOVE + (color << _FULLMOVE)
    key = rows[at, 11] ^ _BLACK_TO_MOVE
    if rows[at, 9] != _SIXTY_FOUR:
        key ^= ZOBRIST[_EN_PASSANT_OFFSET + (rows[at, 9] & _SEVEN)]
        rows[at, 9] = _SIXTY_FOUR
    rows[at, 11] = key


@inlined
def count_zero(rows: NDArray[np.uint64], at: Word) -> None:
    """Begin the count of the 50 moves again: a pawn moved, or something was captured."""
    rows[at, 10] &= _NO_HALFMOVES


@kernel
def lose_rights(rows: NDArray[np.uint64], at: Word, lost: Word) -> None:
    """Take the right to castle from the rooks on these squares."""
    lost &= rows[at, 8]
    rows[at, 8] ^= lost
    while lost:
        rows[at, 11] ^= ZOBRIST[_CASTLING_OFFSET + ctz(lost)]
        lost &= lost - ONE


@kernel
def castle(rows: NDArray[np.uint64], at: Word, king: Word, rook: Word, color: Word) -> None:
    """Castle with the rook on a square."""
    begin_move(rows, at, color)
    home = king & _FIFTY_SIX
    king_end = home | (_SIX if rook > king else _TWO)
    rook_end = king_end - ONE if rook > king else king_end + ONE
    kings, rooks = bit(king) ^ bit(king_end), bit(rook) ^ bit(rook_end)
    rows[at, 5] ^= kings
    rows[at, 3] ^= rooks
    rows[at, _SIX + color] ^= kings ^ rooks
    rows[at, 11] ^= piece_number(_FIVE, color, king) ^ piece_number(_FIVE, color, king_end)
    rows[at, 11] ^= piece_number(_THREE, color, rook) ^ piece_number(_THREE, color, rook_end)
    lose_rights(rows, at, _HOME << home)


@inlined
def offer_passed_square(rows: NDArray[np.uint64], at: Word, passed: Word) -> None:
    """Remember the square that a pawn passed: it can be captured there."""
    rows[at, 9] = passed
    rows[at, 11] ^= ZOBRIST[_EN_PASSANT_OFFSET + (passed & _SEVEN)]


@kernel
def _offer_en_passant(rows: NDArray[np.uint64], at: Word, passed: Word, color: Word) -> None:
    """Remember the passed square if a pawn of the other side can capture there legally."""
    catchers = PAWN[color, passed] & rows[at, 0] & rows[at, _SEVEN - color]
    while catchers:
        if en_passant_is_safe(rows, at, ctz(catchers), passed, ONE - color):
            offer_passed_square(rows, at, passed)
            return
        catchers &= catchers - ONE


@inlined
def take_piece(rows: NDArray[np.uint64], at: Word, square: Word, color: Word) -> None:
    """Take a piece of ``color`` from the board."""
    word = bit(square)
    kind = kind_at(rows, at, word)
    rows[at, kind] ^= word
    rows[at, _SIX + color] ^= word
    rows[at, 11] ^= piece_number(kind, color, square)
    count_zero(rows, at)


@inlined
def step(
    rows: NDArray[np.uint64], at: Word, kind: Word, start: Word, end: Word, promotion: Word, color: Word
) -> None:
    """Move a piece of known kind, capture, promote and settle the rights."""
    begin_move(rows, at, color)
    source, target = bit(start), bit(end)
    if rows[at, _SEVEN - color] & target:
        take_piece(rows, at, end, ONE - color)
    elif kind == ZERO and (start ^ end) & _SEVEN:
        take_piece(rows, at, (start & _FIFTY_SIX) | (end & _SEVEN), ONE - color)
    placed = promotion if promotion else kind
    rows[at, kind] ^= source
    rows[at, placed] ^= target
    rows[at, _SIX + color] ^= source | target
    rows[at, 11] ^= piece_number(kind, color, start) ^ piece_number(placed, color, end)
    if rows[at, 8]:
        lost = source | target
        if kind == _FIVE:
            lost |= _HOME << (_FIFTY_SIX * color)
        lose_rights(rows, at, lost)
    if kind == ZERO:
        count_zero(rows, at)
        if start ^ end == _SIXTEEN and start >> _THREE == ONE + _FIVE * color:
            _offer_en_passant(rows, at, (start + end) >> ONE, color)


@kernel
def make(rows: NDArray[np.uint64], at: Word, move: Word) -> None:
    """Make a packed legal move."""
    start, end = move & _SQUARE, (move >> _SIX) & _SQUARE
    color = rows[at, 10] & ONE
    if move >> _CASTLES:
        castle(rows, at, start, end, color)
    else:
        step(rows, at, kind_at(rows, at, bit(start)), start, end, (move >> _TWELVE) & _SEVEN, color)
