"""Read a word as a move: SAN, also with more letters than needed, zeros for castling, UCI, and drops.

Nothing is looked up on a board: what a reading comes to there is for ``lenient`` and the variants' ``resolving``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, kernel
from lakehouse.chess.fast.letters import (
    AT_SIGN,
    CAPITAL_O,
    COLON,
    DASH,
    DIGIT_0,
    DIGIT_1,
    DIGIT_8,
    EQUALS,
    EXCLAMATION,
    HASH,
    LETTER_A,
    LETTER_H,
    LETTER_X,
    PLUS,
    QUESTION,
    TO_LOWER,
)

__all__ = [
    "COORDINATES",
    "DROP",
    "KINDS",
    "LONG_CASTLING",
    "NOT_READ",
    "NO_KIND",
    "SHORT_CASTLING",
    "STEP",
    "read_move",
]

NOT_READ, STEP, COORDINATES, SHORT_CASTLING, LONG_CASTLING, DROP = range(6)
"""The forms: SAN, UCI, the two castlings, and a piece from the hand."""

NO_KIND = np.uint64(6)

_THREE, _FIVE, _SEVEN = (np.uint64(n) for n in (3, 5, 7))
_FILE_A, _RANK_1 = np.uint64(0x0101010101010101), np.uint64(0xFF)
_A, _FIRST_RANK = np.uint64(LETTER_A), np.uint64(DIGIT_1)
_Reading = tuple[int, Word, Word, Word, Word]


def _kinds() -> NDArray[np.uint64]:
    table = np.full(256, NO_KIND, dtype=np.uint64)
    for kind, letter in enumerate("PNBRQK"):
        table[ord(letter)] = kind
    return table


KINDS = _kinds()
"""The kind that a letter names, NO_KIND for any other byte."""


@kernel
def read_move(data: NDArray[np.uint8], start: int, end: int) -> _Reading:
    """Return the form of a word, and what it says: the kind, the squares it may come from, the target, and what a
    pawn becomes (0: nothing). Of UCI the kind is not said, and the origin is one square's word."""
    while end > start and (data[end - 1] == EXCLAMATION or data[end - 1] == QUESTION):
        end -= 1
    if end > start and (data[end - 1] == PLUS or data[end - 1] == HASH):
        end -= 1
    length = end - start
    if length < 2 or length > 8:
        return _not_read()
    if data[start] == CAPITAL_O or data[start] == DIGIT_0:
        return _castling(data, start, end)
    if data[start] == AT_SIGN or data[start + 1] == AT_SIGN:
        return _drop(data, start, end)
    if _is_square(data, start) and length >= 4 and _is_square(data, start + 2):
        return _coordinates(data, start, end)
    promotion = ZERO
    if not _is_square(data, end - 2):
        promotion = KINDS[data[end - 1]]
        if promotion < ONE or promotion > _FIVE:
            return _not_read()
        end -= 2 if data[end - 2] == EQUALS else 1
        if end - start < 2 or not _is_square(data, end - 2):
            return _not_read()
    return _piece_move(data, start, end - 2, _square(data, end - 2), promotion)


@kernel
def _not_read() -> _Reading:
    return NOT_READ, ZERO, ZERO, ZERO, ZERO


@kernel
def _is_square(data: NDArray[np.uint8], at: int) -> bool:
    return LETTER_A <= data[at] <= LETTER_H and DIGIT_1 <= data[at + 1] <= DIGIT_8


@kernel
def _square(data: NDArray[np.uint8], at: int) -> Word:
    return (np.uint64(data[at]) - _A) | (np.uint64(data[at + 1]) - _FIRST_RANK) << _THREE


@kernel
def _piece_move(data: NDArray[np.uint8], start: int, end: int, target: Word, promotion: Word) -> _Reading:
    """Read kind and origin in front of the target."""
    kind = ZERO
    if start < end and KINDS[data[start]] != NO_KIND:
        kind = KINDS[data[start]]
        start += 1
    if start < end and (data[end - 1] == LETTER_X or data[end - 1] == COLON or data[end - 1] == DASH):
        end -= 1
    origin = ALL
    has_file = False
    if start < end and LETTER_A <= data[start] <= LETTER_H:
        origin = _FILE_A << np.uint64(data[start] - LETTER_A)
        has_file = True
        start += 1
    if start < end and DIGIT_1 <= data[start] <= DIGIT_8:
        origin &= _RANK_1 << np.uint64(8 * (data[start] - DIGIT_1))
        start += 1
    if start != end:
        return _not_read()
    is_last = target >> _THREE == _SEVEN or target >> _THREE == ZERO
    if kind == ZERO:
        if is_last != (promotion > ZERO):
            return _not_read()
        if not has_file:
            origin &= _FILE_A << (target & _SEVEN)
    elif promotion:
        return _not_read()
    return STEP, kind, origin, target, promotion


@kernel
def _castling(data: NDArray[np.uint8], start: int, end: int) -> _Reading:
    """Read O-O, O-O-O, 0-0 or 0-0-0."""
    length = end - start
    if length != 3 and length != 5:
        return _not_read()
    for place in range(length):
        expected = data[start] if place % 2 == 0 else np.uint8(DASH)
        if data[start + place] != expected:
            return _not_read()
    return (SHORT_CASTLING if length == 3 else LONG_CASTLING), _FIVE, ZERO, ZERO, ZERO


@kernel
def _drop(data: NDArray[np.uint8], start: int, end: int) -> _Reading:
    """Read N@f3, P@e4 or @e4."""
    kind = ZERO
    if data[start] != AT_SIGN:
        kind = KINDS[data[start]]
        start += 1
    if kind >= _FIVE or end - start != 3 or not _is_square(data, start + 1):
        return _not_read()
    return DROP, kind, ZERO, _square(data, start + 1), ZERO


@kernel
def _coordinates(data: NDArray[np.uint8], start: int, end: int) -> _Reading:
    """Read UCI."""
    if end - start > 5:
        return _not_read()
    promotion = ZERO
    if end - start == 5:
        letter = data[start + 4]
        promotion = KINDS[letter - TO_LOWER] if letter >= LETTER_A else NO_KIND
        if promotion < ONE or promotion > _FIVE:
            return _not_read()
    return COORDINATES, NO_KIND, ONE << _square(data, start), _square(data, start + 2), promotion
