"""Resolve SAN with more letters than needed, zeros for castling, and UCI. The rest is left to the strategies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, kernel
from lakehouse.chess.fast.movegen import list_moves
from lakehouse.chess.fast.resolving import CASTLES, UNREAD, the_castling, the_only

__all__ = ["KINDS", "NO_KIND", "read_lenient"]

NO_KIND = np.uint64(6)

_TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN = (np.uint64(n) for n in range(2, 8))
_TWELVE, _FIFTY_SIX, _SQUARE = (np.uint64(n) for n in (12, 56, 63))
_FILE_A, _RANK_1, _A, _FIRST_RANK = (
    np.uint64(0x0101010101010101),
    np.uint64(0xFF),
    np.uint64(97),
    np.uint64(49),
)


def _kinds() -> NDArray[np.uint64]:
    table = np.full(256, NO_KIND, dtype=np.uint64)
    for kind, letter in enumerate("PNBRQK"):
        table[ord(letter)] = kind
    return table


KINDS = _kinds()
"""The kind that a letter names, NO_KIND for any other byte."""


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
    while end > start and (data[end - 1] == 33 or data[end - 1] == 63):  # ! ?
        end -= 1
    if end > start and (data[end - 1] == 43 or data[end - 1] == 35):  # + #
        end -= 1
    length = end - start
    if length < 2 or length > 8:
        return UNREAD
    if data[start] == 79 or data[start] == 48:  # O 0
        return _castling(data, start, end, rows, at)
    if _is_square(data, start) and length >= 4 and _is_square(data, start + 2):
        return _coordinates(data, start, end, rows, at, moves)
    promotion = ZERO
    if not _is_square(data, end - 2):
        promotion = KINDS[data[end - 1]]
        if promotion < ONE or promotion > _FOUR:
            return UNREAD
        end -= 2 if data[end - 2] == 61 else 1  # =
        if end - start < 2 or not _is_square(data, end - 2):
            return UNREAD
    return _piece_move(data, start, end - 2, _square(data, end - 2), promotion, rows, at)


@kernel
def _is_square(data: NDArray[np.uint8], at: int) -> bool:
    return 97 <= data[at] <= 104 and 49 <= data[at + 1] <= 56


@kernel
def _square(data: NDArray[np.uint8], at: int) -> Word:
    return (np.uint64(data[at]) - _A) | (np.uint64(data[at + 1]) - _FIRST_RANK) << _THREE


@kernel
def _piece_move(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    target: Word,
    promotion: Word,
    rows: NDArray[np.uint64],
    at: Word,
) -> Word:
    """Read kind and origin in front of the target, and find the one piece that fits."""
    kind = ZERO
    if start < end and KINDS[data[start]] != NO_KIND:
        kind = KINDS[data[start]]
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
    is_last = target >> _THREE == _SEVEN or target >> _THREE == ZERO
    if kind == ZERO:
        if is_last != (promotion > ZERO):
            return UNREAD
        if not has_file:
            origin &= _FILE_A << (target & _SEVEN)
    elif promotion:
        return UNREAD
    return the_only(rows, at, kind, origin, target, promotion, rows[at, 10] & ONE)


@kernel
def _castling(data: NDArray[np.uint8], start: int, end: int, rows: NDArray[np.uint64], at: Word) -> Word:
    """Read O-O, O-O-O, 0-0 or 0-0-0."""
    length = end - start
    if length != 3 and length != 5:
        return UNREAD
    for place in range(length):
        is_letter = place % 2 == 0
        if data[start + place] != (data[start] if is_letter else np.uint8(45)):
            return UNREAD
    return the_castling(rows, at, rows[at, 10] & ONE, length == 3)


@kernel
def _coordinates(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    rows: NDArray[np.uint64],
    at: Word,
    moves: NDArray[np.uint16],
) -> Word:
    """Read UCI; a castling is the king's two steps, unless they are a step of its own, or king takes rook."""
    if end - start > 5:
        return UNREAD
    origin, target = _square(data, start), _square(data, start + 2)
    promotion = ZERO
    if end - start == 5:
        promotion = KINDS[data[start + 4] - 32]
        if data[start + 4] < 97 or promotion < ONE or promotion > _FOUR:
            return UNREAD
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
