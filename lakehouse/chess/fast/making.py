"""Make a packed move: row ``at`` gives row ``at + 1``, counters, rights and Zobrist key included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import is_attacked
from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, kernel, signed
from lakehouse.chess.fast.tables import PAWN, ZOBRIST

__all__ = ["en_passant_is_safe", "kind_at", "make"]

_SIX, _SEVEN, _FIFTY_SIX, _SIXTY_FOUR = np.uint64(6), np.uint64(7), np.uint64(56), np.uint64(64)
_SQUARE = np.uint64(63)
_HALFMOVE = np.uint64(8)
_HALFMOVE_MASK = np.uint64(0xFFFFFF)
_FULLMOVE = np.uint64(32)
_SIXTEEN, _THREE, _TWO = np.uint64(16), np.uint64(3), np.uint64(2)
_EN_PASSANT_OFFSET, _CASTLING_OFFSET, _BLACK_TO_MOVE = np.uint64(832), np.uint64(768), np.uint64(840)


@kernel
def kind_at(rows: NDArray[np.uint64], at: int, word: Word) -> int:
    """Return the kind (0 pawn … 5 king) of the piece on the one square of ``word``; 6 for none."""
    for kind in range(6):
        if rows[at, kind] & word:
            return kind
    return 6


@kernel
def _toggle(rows: NDArray[np.uint64], at: int, kind: int, color: int, square: Word) -> None:
    word = bit(square)
    rows[at, kind] ^= word
    rows[at, 6 + color] ^= word
    rows[at, 11] ^= ZOBRIST[np.uint64((kind + 6 * color) * 64) + square]


@kernel
def en_passant_is_safe(rows: NDArray[np.uint64], at: int, start: Word, end: Word, color: int) -> bool:
    """Say whether a capture in passing leaves the king of ``color`` safe: both pawns leave the rank."""
    own, enemy = rows[at, 6 + color], rows[at, 7 - color]
    victim = bit((start & _FIFTY_SIX) | (end & _SEVEN))
    occupied = ((own | enemy) ^ bit(start) ^ victim) | bit(end)
    king = ctz(rows[at, 5] & own)
    return not is_attacked(rows, at, king, occupied, enemy ^ victim, color)


@kernel
def _castle(rows: NDArray[np.uint64], at: int, king: Word, rook: Word, color: int) -> None:
    home = king & _FIFTY_SIX
    king_end = home | (_SIX if rook > king else _TWO)
    rook_end = king_end - ONE if rook > king else king_end + ONE
    _toggle(rows, at, 5, color, king)
    _toggle(rows, at, 3, color, rook)
    _toggle(rows, at, 5, color, king_end)
    _toggle(rows, at, 3, color, rook_end)


@kernel
def _lose_rights(rows: NDArray[np.uint64], at: int, lost: Word) -> None:
    lost &= rows[at, 8]
    rows[at, 8] ^= lost
    while lost:
        rows[at, 11] ^= ZOBRIST[_CASTLING_OFFSET + ctz(lost)]
        lost &= lost - ONE


@kernel
def _offer_en_passant(rows: NDArray[np.uint64], at: int, passed: Word, color: int) -> None:
    """Remember the passed square if a pawn of the other side can capture there legally."""
    catchers = PAWN[color, passed] & rows[at, 0] & rows[at, 7 - color]
    while catchers:
        if en_passant_is_safe(rows, at, ctz(catchers), passed, 1 - color):
            rows[at, 9] = passed
            rows[at, 11] ^= ZOBRIST[_EN_PASSANT_OFFSET + (passed & _SEVEN)]
            return
        catchers &= catchers - ONE


@kernel
def make(rows: NDArray[np.uint64], at: int, move: Word) -> None:
    """Write the position after a legal move into the next row."""
    then = at + 1
    for word in range(12):
        rows[then, word] = rows[at, word]
    start, end = move & _SQUARE, (move >> _SIX) & _SQUARE
    color = signed(rows[at, 10] & ONE)
    if rows[at, 9] != _SIXTY_FOUR:
        rows[then, 11] ^= ZOBRIST[_EN_PASSANT_OFFSET + (rows[at, 9] & _SEVEN)]
        rows[then, 9] = _SIXTY_FOUR
    halfmove = ((rows[at, 10] >> _HALFMOVE) & _HALFMOVE_MASK) + ONE
    if move >> np.uint64(15):
        _castle(rows, then, start, end, color)
        _lose_rights(rows, then, np.uint64(0xFF) << (start & _FIFTY_SIX))
    else:
        halfmove = _step(rows, then, start, end, (move >> np.uint64(12)) & _SEVEN, color, halfmove)
    number = (rows[at, 10] >> _FULLMOVE) + np.uint64(color)
    rows[then, 10] = np.uint64(1 - color) | (halfmove << _HALFMOVE) | (number << _FULLMOVE)
    rows[then, 11] ^= ZOBRIST[_BLACK_TO_MOVE]


@kernel
def _step(
    rows: NDArray[np.uint64],
    at: int,
    start: Word,
    end: Word,
    promotion: Word,
    color: int,
    halfmove: Word,
) -> Word:
    """Move a piece on row ``at``, capture, promote and settle the rights; return the new halfmove clock."""
    kind = kind_at(rows, at, bit(start))
    captured = kind_at(rows, at, bit(end) & rows[at, 7 - color])
    if captured < 6:
        _toggle(rows, at, captured, 1 - color, end)
        halfmove = ZERO
    elif kind == 0 and (start ^ end) & _SEVEN:
        _toggle(rows, at, 0, 1 - color, (start & _FIFTY_SIX) | (end & _SEVEN))
    _toggle(rows, at, kind, color, start)
    _toggle(rows, at, signed(promotion) if promotion else kind, color, end)
    if rows[at, 8]:
        _lose_rights(rows, at, bit(start) | bit(end))
        if kind == 5:
            _lose_rights(rows, at, np.uint64(0xFF) << np.uint64(56 * color))
    if kind == 0:
        halfmove = ZERO
        if start ^ end == _SIXTEEN and (start >> _THREE) == np.uint64(1 + 5 * color):
            _offer_en_passant(rows, at, (start + end) >> ONE, color)
    return halfmove
