"""Play moves in their usual form as they follow one another: the road that almost every game takes almost to its end.

Nothing is decided here: what is not plain to see is left for ``game_kernel`` to look at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, ctz, eight_bytes, inlined, kernel, signed
from lakehouse.chess.fast.letters import PLUS
from lakehouse.chess.fast.making import castle, step
from lakehouse.chess.fast.movetext import forget_notes
from lakehouse.chess.fast.resolving import CASTLES, UNREAD
from lakehouse.chess.fast.san import KIND_PLACE, read_usual
from lakehouse.chess.fast.scanner import byte_table

__all__ = ["PACKED", "SQUARE", "make_read", "may_be_usual", "play_usual"]

PACKED, SQUARE = np.uint64(0xFFFF), np.uint64(63)

_TWO, _THREE, _SIX, _SEVEN, _TWELVE = (np.uint64(n) for n in (2, 3, 6, 7, 12))
_BYTE, _HIGH_BITS = np.uint64(0xFF), np.uint64(0x8080808080808080)
_BELOW_PLUS = np.uint64(0x0101010101010101 * PLUS)
_SPACE, _DOT, _NEWLINE = (np.uint8(ord(letter)) for letter in " .\n")
_WINDOW = 16

_FIRST = byte_table(b"abcdefghNBRQKO123456789")
_NUMBER_FIRST = byte_table(b"123456789")
_DIGIT = byte_table(b"0123456789")
_STOP = byte_table(b" \r\n")


@inlined
def may_be_usual(byte: int) -> bool:
    """Say whether a usual move, or a number before one, begins with the byte."""
    return bool(_FIRST[byte])


@inlined
def _usual_length(word: Word) -> Word:
    """Return how many bytes stand before the first blank; 0 if that is not plain to see from these eight.

    Nothing below ``+`` in ASCII, blanks among it, is in a usual move.
    """
    ends = (word - _BELOW_PLUS) & _HIGH_BITS
    if word & _HIGH_BITS or not ends:
        return ZERO
    length = ctz(ends) >> _THREE
    stop = (word >> (length << _THREE)) & _BYTE
    return length if _STOP[stop] else ZERO


@inlined
def make_read(rows: NDArray[np.uint64], move: Word) -> None:
    """Make a move that has its kind at KIND_PLACE on row 0."""
    start, end = move & SQUARE, (move >> _SIX) & SQUARE
    color = rows[0, 10] & ONE
    if move & CASTLES:
        castle(rows, ZERO, start, end, color)
    else:
        step(rows, ZERO, move >> KIND_PLACE, start, end, (move >> _TWELVE) & _SEVEN, color)


@kernel
def play_usual(
    data: NDArray[np.uint8],
    begin: int,
    end: int,
    rows: NDArray[np.uint64],
    made: int,
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    notes: NDArray[np.int32],
) -> tuple[int, int]:
    """Play from row 0 on. Return where something else stands, and how many moves are out then."""
    at: Word = np.uint64(begin)
    out: Word = np.uint64(made)
    stop = np.uint64(max(0, min(end, len(data) - _WINDOW)))
    while at < stop:
        start = at
        if _NUMBER_FIRST[data[start]]:
            while start < stop and _DIGIT[data[start]]:
                start += ONE
            while start < stop and data[start] == _DOT:
                start += ONE
            if data[start] == _SPACE:
                start += ONE
        word = eight_bytes(data, start)
        length = _usual_length(word)
        if length < _TWO or start + length >= np.uint64(end):
            break
        move = read_usual(word, length, rows, ZERO)
        if move == UNREAD:
            break
        make_read(rows, move)
        moves[out], keys[out] = move & PACKED, rows[0, 11]
        forget_notes(notes, out)
        out += ONE
        at = start + length
        if data[at] == _SPACE or (data[at] == _NEWLINE and _FIRST[data[at + ONE]]):
            at += ONE
    return signed(at), signed(out)
