"""Resolve one move of SAN or UCI in place in a buffer. What is not plain to see is left to the strategies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.attacks import bishop_attacks, is_attacked, rook_attacks
from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, ctz, kernel, signed
from lakehouse.chess.fast.movegen import list_moves
from lakehouse.chess.fast.tables import KING, KNIGHT, PAWN

__all__ = ["UNREAD", "read_move"]

UNREAD = np.uint64(0xFFFF)
"""No legal move, more than one, or a text to look at twice."""

_FILE_A, _RANK_1, _ONE_STEP, _TWO_STEPS = np.uint64(0x0101010101010101), np.uint64(0xFF), 8, 16
_SIX, _SEVEN, _THREE, _FIFTY_SIX, _TWELVE = (np.uint64(n) for n in (6, 7, 3, 56, 12))
_CASTLES = np.uint64(1 << 15)


def _letter_table() -> NDArray[np.int8]:
    table = np.full(256, -1, dtype=np.int8)
    for kind, letter in enumerate("PNBRQK"):
        table[ord(letter)] = kind
    return table


_KIND = _letter_table()


@kernel
def read_move(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    rows: NDArray[np.uint64],
    at: int,
    moves: NDArray[np.uint16],
) -> Word:
    """Return the packed legal move that the bytes from ``start`` to ``end`` name, or UNREAD.

    ``moves`` is room for a list of moves.
    """
    while end > start and (data[end - 1] == 33 or data[end - 1] == 63):  # ! ?
        end -= 1
    if end > start and (data[end - 1] == 43 or data[end - 1] == 35):  # + #
        end -= 1
    length = end - start
    if length < 2 or length > 8:
        return UNREAD
    first = data[start]
    if first == 79 or first == 48:  # O 0
        return _castling(data, start, end, rows, at, moves)
    if _is_square(data, start) and length >= 4 and _is_square(data, start + 2):
        return _coordinates(data, start, end, rows, at, moves)
    promotion = 0
    if not _is_square(data, end - 2):
        promotion = signed(_KIND[data[end - 1]])
        if promotion < 1 or promotion > 4:
            return UNREAD
        end -= 2 if data[end - 2] == 61 else 1  # =
        if end - start < 2 or not _is_square(data, end - 2):
            return UNREAD
    target = np.uint64(signed(data[end - 2]) - 97 + 8 * (signed(data[end - 1]) - 49))
    return _piece_move(data, start, end - 2, target, promotion, rows, at)


@kernel
def _is_square(data: NDArray[np.uint8], at: int) -> bool:
    return 97 <= data[at] <= 104 and 49 <= data[at + 1] <= 56


@kernel
def _piece_move(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    target: Word,
    promotion: int,
    rows: NDArray[np.uint64],
    at: int,
) -> Word:
    """Read kind and origin in front of the target, and find the one piece that fits."""
    kind = 0
    if start < end and _KIND[data[start]] >= 0:
        kind = signed(_KIND[data[start]])
        start += 1
    if start < end and (data[end - 1] == 120 or data[end - 1] == 58 or data[end - 1] == 45):  # x : -
        end -= 1
    origin = ~ZERO
    has_file = False
    if start < end and 97 <= data[start] <= 104:
        origin = _FILE_A << np.uint64(data[start] - 97)
        has_file = True
        start += 1
    if start < end and 49 <= data[start] <= 56:
        origin &= _RANK_1 << np.uint64(8 * (data[start] - 49))
        start += 1
    if start != end:
        return UNREAD
    color = signed(rows[at, 10] & ONE)
    is_last = target >> _THREE == _SEVEN or target >> _THREE == ZERO
    if kind == 0:
        if is_last != (promotion > 0):
            return UNREAD
        if not has_file:
            origin &= _FILE_A << (target & _SEVEN)
    elif promotion:
        return UNREAD
    return _the_only(rows, at, kind, origin, target, promotion, color)


@kernel
def _the_only(
    rows: NDArray[np.uint64],
    at: int,
    kind: int,
    origin: Word,
    target: Word,
    promotion: int,
    color: int,
) -> Word:
    own = rows[at, 6 + color]
    if own & bit(target):
        return UNREAD
    candidates = _candidates(rows, at, kind, target, color) & origin
    found = UNREAD
    while candidates:
        start = ctz(candidates)
        candidates &= candidates - ONE
        if _is_safe(rows, at, kind, start, target, color):
            if found != UNREAD:
                return UNREAD
            found = start | target << _SIX | np.uint64(promotion) << _TWELVE
    return found


@kernel
def _candidates(rows: NDArray[np.uint64], at: int, kind: int, target: Word, color: int) -> Word:
    """Return the own pieces of a kind that move to the target, checks aside."""
    own, enemy = rows[at, 6 + color], rows[at, 7 - color]
    pieces = rows[at, kind] & own
    if kind == 0:
        return _pawn_candidates(rows, at, pieces, target, own | enemy, enemy, color)
    if kind == 1:
        return KNIGHT[target] & pieces
    if kind == 5:
        return KING[target] & pieces
    reach = ZERO
    if kind != 3:
        reach |= bishop_attacks(target, own | enemy)
    if kind != 2:
        reach |= rook_attacks(target, own | enemy)
    return reach & pieces


@kernel
def _pawn_candidates(
    rows: NDArray[np.uint64],
    at: int,
    pawns: Word,
    target: Word,
    occupied: Word,
    enemy: Word,
    color: int,
) -> Word:
    if enemy & bit(target) or target == rows[at, 9]:
        return PAWN[1 - color, target] & pawns
    if occupied & bit(target):
        return ZERO
    square = signed(target)
    back = square - 8 if color == 0 else square + 8
    if back < 0 or back > 63:
        return ZERO
    near = bit(np.uint64(back))
    if pawns & near:
        return near
    if occupied & near or square >> 3 != (3 if color == 0 else 4):
        return ZERO
    return pawns & bit(np.uint64(square - 16 if color == 0 else square + 16))


@kernel
def _is_safe(rows: NDArray[np.uint64], at: int, kind: int, start: Word, target: Word, color: int) -> bool:
    """Say whether the own king is safe after the move."""
    own, enemy = rows[at, 6 + color], rows[at, 7 - color]
    occupied = ((own | enemy) & ~bit(start)) | bit(target)
    enemy &= ~bit(target)
    if kind == 0 and target == rows[at, 9]:
        victim = bit((start & _FIFTY_SIX) | (target & _SEVEN))
        occupied ^= victim
        enemy ^= victim
    king = target if kind == 5 else ctz(rows[at, 5] & own)
    return not is_attacked(rows, at, king, occupied, enemy, color)


@kernel
def _castling(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    rows: NDArray[np.uint64],
    at: int,
    moves: NDArray[np.uint16],
) -> Word:
    """Read O-O, O-O-O, 0-0 or 0-0-0."""
    length = end - start
    if length != 3 and length != 5:
        return UNREAD
    for place in range(length):
        is_letter = place % 2 == 0
        if data[start + place] != (data[start] if is_letter else np.uint8(45)):
            return UNREAD
    n = list_moves(rows, at, moves)
    for index in range(n):
        move = np.uint64(moves[index])
        if move & _CASTLES and ((move >> _SIX & np.uint64(63)) > (move & np.uint64(63))) == (length == 3):
            return move
    return UNREAD


@kernel
def _coordinates(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    rows: NDArray[np.uint64],
    at: int,
    moves: NDArray[np.uint16],
) -> Word:
    """Read UCI; a castling is the king's two steps, unless they are a step of its own, or king takes rook."""
    if end - start > 5:
        return UNREAD
    origin = np.uint64(signed(data[start]) - 97 + 8 * (signed(data[start + 1]) - 49))
    target = np.uint64(signed(data[start + 2]) - 97 + 8 * (signed(data[start + 3]) - 49))
    promotion = 0
    if end - start == 5:
        promotion = signed(_KIND[data[start + 4] - 32])
        if data[start + 4] < 97 or promotion < 1 or promotion > 4:
            return UNREAD
    plain = origin | target << _SIX
    home = origin & _FIFTY_SIX
    n = list_moves(rows, at, moves)
    castled = UNREAD
    for index in range(n):
        move = np.uint64(moves[index])
        if move == plain | np.uint64(promotion) << _TWELVE:
            return move
        if promotion == 0 and move & _CASTLES and move & np.uint64(63) == origin:
            rook = move >> _SIX & np.uint64(63)
            if rook == target:
                return move
            if target == home | (_SIX if rook > origin else np.uint64(2)):
                castled = move
    return castled
