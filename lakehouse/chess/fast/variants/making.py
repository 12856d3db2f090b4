"""Make a variant's move on row 0 in place: what it does beside moving the piece, and who may answer it in passing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, kernel
from lakehouse.chess.fast.making import (
    begin_move,
    castle,
    count_zero,
    kind_at,
    lose_rights,
    offer_passed_square,
    piece_number,
    take_piece,
)
from lakehouse.chess.fast.resolving import CASTLES
from lakehouse.chess.fast.tables import ZOBRIST
from lakehouse.chess.fast.variants.goals import NOT_REACHED, goal_winner
from lakehouse.chess.fast.variants.legality import blast, is_in_check, passing_catchers, step_is_legal
from lakehouse.chess.fast.variants.numbers import BY_ATOMIC, BY_CHECKS, BY_DROPS, BY_GIVING_AWAY, BY_RACE
from lakehouse.chess.position_key import CHECKS_OFFSET, IN_HAND_OFFSET

__all__ = ["DROPS", "hand_count", "make_variant_move"]

DROPS = np.uint64(7)
"""The promotion of a packed drop."""

_NO_CAPTURE = np.uint64(64)
_THREE, _FIVE, _SIX, _SEVEN, _EIGHT, _TWELVE = (np.uint64(n) for n in (3, 5, 6, 7, 8, 12))
_SIXTEEN, _FIFTY_SIX, _SQUARE = (np.uint64(n) for n in (16, 56, 63))
_HOME, _HAND_MASK = np.uint64(0xFF), np.uint64(63)
_IN_HAND, _CHECKS = np.uint64(IN_HAND_OFFSET), np.uint64(CHECKS_OFFSET)
_HAND_KINDS, _HAND_NUMBERS, _CHECK_NUMBERS = np.uint64(5), np.uint64(32), np.uint64(10)


@kernel
def make_variant_move(rows: NDArray[np.uint64], variant: int, move: Word) -> None:
    """Make a packed legal move."""
    color = rows[0, 10] & ONE
    start, end, promotion = move & _SQUARE, (move >> _SIX) & _SQUARE, (move >> _TWELVE) & _SEVEN
    if move & CASTLES:
        castle(rows, ZERO, start, end, color)
    elif promotion == DROPS:
        _drop(rows, start, end, color)
    else:
        _step(rows, variant, kind_at(rows, ZERO, bit(start)), start, end, promotion, color)
    if variant == BY_CHECKS and is_in_check(rows, variant, ONE - color):
        _count_check(rows, color)
    if promotion != DROPS and not move & CASTLES and rows[0, 0] & bit(end) and start ^ end == _SIXTEEN:
        _offer(rows, variant, start, end, color)


@kernel
def _count_check(rows: NDArray[np.uint64], color: Word) -> None:
    place = _EIGHT * color
    left = (rows[0, 12] >> place) & np.uint64(0xFF)
    if left:
        first = _CHECKS + _CHECK_NUMBERS * color
        rows[0, 11] ^= ZOBRIST[first + left] ^ ZOBRIST[first + left - ONE]
        rows[0, 12] -= ONE << place


@kernel
def _offer(rows: NDArray[np.uint64], variant: int, start: Word, end: Word, color: Word) -> None:
    """Remember the passed square if a pawn of the other side may capture there."""
    if start >> _THREE != ONE + _FIVE * color or goal_winner(rows, variant) != NOT_REACHED:
        return
    passed = (start + end) >> ONE
    catchers = passing_catchers(rows, passed, ONE - color)
    rows[0, 9] = passed
    while catchers:
        if step_is_legal(rows, variant, ZERO, ctz(catchers), passed, ZERO, ONE - color):
            offer_passed_square(rows, ZERO, passed)
            return
        catchers &= catchers - ONE
    rows[0, 9] = _NO_CAPTURE


@kernel
def _hand_place(kind: Word, color: Word) -> Word:
    return _SIX * (kind + _HAND_KINDS * color)


@kernel
def hand_count(rows: NDArray[np.uint64], kind: Word, color: Word) -> Word:
    """Return how many pieces of a kind are in hand."""
    return (rows[0, 12] >> _hand_place(kind, color)) & _HAND_MASK


@kernel
def _hand_number(rows: NDArray[np.uint64], kind: Word, color: Word) -> Word:
    """Return the Zobrist number of the next piece that comes into the hand."""
    count = hand_count(rows, kind, color) % _HAND_NUMBERS
    place = _IN_HAND + (kind + _HAND_KINDS * color) * _HAND_NUMBERS + count
    return ZOBRIST[place]


@kernel
def _drop(rows: NDArray[np.uint64], kind: Word, end: Word, color: Word) -> None:
    begin_move(rows, ZERO, color)
    if kind == ZERO:
        count_zero(rows, ZERO)
    rows[0, kind] |= bit(end)
    rows[0, _SIX + color] |= bit(end)
    rows[0, 12] -= ONE << _hand_place(kind, color)
    rows[0, 11] ^= piece_number(kind, color, end) ^ _hand_number(rows, kind, color)


@kernel
def _step(
    rows: NDArray[np.uint64], variant: int, kind: Word, start: Word, end: Word, promotion: Word, color: Word
) -> None:
    begin_move(rows, ZERO, color)
    source, target = bit(start), bit(end)
    other = ONE - color
    captured, captured_at = _NO_CAPTURE, end
    if rows[0, _SIX + other] & target:
        captured = kind_at(rows, ZERO, target)
    elif kind == ZERO and (start ^ end) & _SEVEN:
        captured, captured_at = ZERO, (start & _FIFTY_SIX) | (end & _SEVEN)
    if captured != _NO_CAPTURE:
        take_piece(rows, ZERO, captured_at, other)
    placed = promotion if promotion else kind
    rows[0, kind] ^= source
    rows[0, placed] ^= target
    rows[0, _SIX + color] ^= source | target
    rows[0, 11] ^= piece_number(kind, color, start) ^ piece_number(placed, color, end)
    if kind == ZERO:
        count_zero(rows, ZERO)
    lost = source | target
    if kind == _FIVE:
        lost |= _HOME << (_FIFTY_SIX * color)
    if variant == BY_DROPS:
        _change_hands(rows, captured, source, target, promotion, color)
    elif variant == BY_ATOMIC and captured != _NO_CAPTURE:
        lost |= _explode(rows, end)
    if rows[0, 8] and variant != BY_GIVING_AWAY and variant != BY_RACE:
        lose_rights(rows, ZERO, lost)


@kernel
def _change_hands(
    rows: NDArray[np.uint64], captured: Word, source: Word, target: Word, promotion: Word, color: Word
) -> None:
    """Put what was captured into the hand, a promoted piece as a pawn, and follow the piece that moved."""
    promoted = rows[0, 13]
    if captured != _NO_CAPTURE:
        kept = ZERO if promoted & target else captured
        rows[0, 11] ^= _hand_number(rows, kept, color)
        rows[0, 12] += ONE << _hand_place(kept, color)
    rows[0, 13] = promoted & ~source & ~target
    if promotion or promoted & source:
        rows[0, 13] |= target


@kernel
def _explode(rows: NDArray[np.uint64], centre: Word) -> Word:
    """Clear what an explosion takes along; return the squares whose castling rights are lost by it."""
    gone = blast(rows, centre) & (rows[0, 6] | rows[0, 7])
    lost = gone
    while gone:
        square = ctz(gone)
        word = bit(square)
        gone &= gone - ONE
        kind = kind_at(rows, ZERO, word)
        color = ZERO if rows[0, 6] & word else ONE
        rows[0, kind] ^= word
        rows[0, _SIX + color] ^= word
        rows[0, 11] ^= piece_number(kind, color, square)
    if not rows[0, 5] & rows[0, 6]:
        lost |= _HOME
    if not rows[0, 5] & rows[0, 7]:
        lost |= _HOME << _FIFTY_SIX
    return lost
