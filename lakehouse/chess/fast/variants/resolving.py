"""Find the one move of a variant that a word names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, kernel
from lakehouse.chess.fast.making import kind_at
from lakehouse.chess.fast.reading import (
    COORDINATES,
    DROP,
    LONG_CASTLING,
    SHORT_CASTLING,
    STEP,
    read_move,
)
from lakehouse.chess.fast.resolving import CASTLES, UNREAD, reaching
from lakehouse.chess.fast.variants.goals import NOT_REACHED, goal_winner
from lakehouse.chess.fast.variants.legality import can_castle, drop_is_legal, step_is_legal
from lakehouse.chess.fast.variants.making import DROPS, hand_count
from lakehouse.chess.fast.variants.numbers import BY_DROPS, BY_GIVING_AWAY, BY_HORDE, BY_RACE

__all__ = ["read_variant_move"]

_TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN = (np.uint64(n) for n in (2, 3, 4, 5, 6, 7))
_EIGHT, _TWELVE, _SIXTEEN, _FIFTY_SIX = (np.uint64(n) for n in (8, 12, 16, 56))
_LAST_RANKS = np.uint64(0xFF000000000000FF)


@kernel
def read_variant_move(
    data: NDArray[np.uint8], start: int, end: int, rows: NDArray[np.uint64], variant: int
) -> Word:
    """Return the packed legal move that the bytes from ``start`` to ``end`` name, or UNREAD."""
    form, kind, origin, target, promotion = read_move(data, start, end)
    if goal_winner(rows, variant) != NOT_REACHED or (promotion > _FOUR and variant != BY_GIVING_AWAY):
        return UNREAD
    color = rows[0, 10] & ONE
    if form == STEP:
        return _the_only_step(rows, variant, kind, origin, target, promotion, color)
    if form == SHORT_CASTLING or form == LONG_CASTLING:
        return _the_castling(rows, variant, color, form == SHORT_CASTLING)
    if form == DROP and variant == BY_DROPS:
        return _the_drop(rows, kind, target, color)
    if form == COORDINATES:
        return _from_square_to_square(rows, variant, origin, target, promotion, color)
    return UNREAD


@kernel
def _candidates(
    rows: NDArray[np.uint64], variant: int, kind: Word, origin: Word, target: Word, color: Word
) -> Word:
    """Return the pieces of a kind that move to the target by their geometry."""
    own, enemy = rows[0, _SIX + color], rows[0, _SEVEN - color]
    pieces = rows[0, kind] & own & origin
    if not pieces or own & bit(target):
        return ZERO
    found = reaching(rows, ZERO, kind, pieces, target, own | enemy, enemy, color)
    if variant == BY_HORDE and kind == ZERO and color == ZERO and target >> _THREE == _TWO:
        way = bit(target) | bit(target) >> _EIGHT
        if not (own | enemy) & way:
            found |= pieces & (bit(target) >> _SIXTEEN)
    return found


@kernel
def _the_only_step(
    rows: NDArray[np.uint64],
    variant: int,
    kind: Word,
    origin: Word,
    target: Word,
    promotion: Word,
    color: Word,
) -> Word:
    candidates = _candidates(rows, variant, kind, origin, target, color)
    found = UNREAD
    while candidates:
        start = ctz(candidates)
        candidates &= candidates - ONE
        if step_is_legal(rows, variant, kind, start, target, promotion, color):
            if found != UNREAD:
                return UNREAD
            found = start | target << _SIX | promotion << _TWELVE
    return found


@kernel
def _castling_with(rows: NDArray[np.uint64], variant: int, king: Word, rook: Word, color: Word) -> Word:
    if variant == BY_GIVING_AWAY or variant == BY_RACE or not can_castle(rows, variant, king, rook, color):
        return UNREAD
    return king | rook << _SIX | CASTLES


@kernel
def _the_castling(rows: NDArray[np.uint64], variant: int, color: Word, is_short: bool) -> Word:
    own = rows[0, _SIX + color]
    kings, rooks = rows[0, 5] & own, rows[0, 8] & own
    if not kings:
        return UNREAD
    king = ctz(kings)
    while rooks:
        rook = ctz(rooks)
        rooks &= rooks - ONE
        if (rook > king) == is_short:
            return _castling_with(rows, variant, king, rook, color)
    return UNREAD


@kernel
def _the_drop(rows: NDArray[np.uint64], kind: Word, target: Word, color: Word) -> Word:
    word = bit(target)
    if (rows[0, 6] | rows[0, 7]) & word or (kind == ZERO and word & _LAST_RANKS):
        return UNREAD
    if hand_count(rows, kind, color) == ZERO or not drop_is_legal(rows, target, color):
        return UNREAD
    return kind | target << _SIX | DROPS << _TWELVE


@kernel
def _from_square_to_square(
    rows: NDArray[np.uint64], variant: int, origin: Word, target: Word, promotion: Word, color: Word
) -> Word:
    """Read UCI: king takes rook is a castling, and so are two steps of the king, unless they are a step of its own."""
    start, own = ctz(origin), rows[0, _SIX + color]
    if not own & origin:
        return UNREAD
    kind = kind_at(rows, ZERO, origin)
    rooks = rows[0, 8] & own if kind == _FIVE and promotion == ZERO else ZERO
    if rooks & bit(target):
        return _castling_with(rows, variant, start, target, color)
    is_promotion = kind == ZERO and bit(target) & _LAST_RANKS != ZERO
    if is_promotion == (promotion > ZERO):
        step = _the_only_step(rows, variant, kind, origin, target, promotion, color)
        if step != UNREAD:
            return step
    while rooks:
        rook = ctz(rooks)
        rooks &= rooks - ONE
        if target == (start & _FIFTY_SIX) | (_SIX if rook > start else _TWO):
            return _castling_with(rows, variant, start, rook, color)
    return UNREAD
