"""Write a row as X-FEN into a buffer of bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, bit, ctz, kernel, signed
from lakehouse.chess.fast.letters import (
    CAPITAL_A,
    CAPITAL_K,
    CAPITAL_Q,
    CLOSE_BRACKET,
    DASH,
    DIGIT_0,
    DIGIT_1,
    LETTER_A,
    LETTER_B,
    LETTER_W,
    OPEN_BRACKET,
    PLUS,
    SLASH,
    SPACE,
    TILDE,
    TO_LOWER,
)
from lakehouse.chess.fast.state import HAND_BITS
from lakehouse.chess.fast.variants.numbers import BY_CHECKS, BY_DROPS

__all__ = ["write_fens"]

FEN_ROOM = 512
"""No FEN of a row is longer: a hand holds 31 pieces of a kind at most."""

_LETTERS = np.frombuffer(b"PNBRQKpnbrqk", dtype=np.uint8).copy()
_IN_HAND = np.array([4, 3, 2, 1, 0], dtype=np.int64)
"""Queen, rook, bishop, knight, pawn: the order in which a FEN writes a hand."""
_SEVEN, _THREE, _SIXTY_FOUR, _BYTE = (np.uint64(n) for n in (7, 3, 64, 0xFF))


def write_fens(
    positions: NDArray[np.uint64], variants: NDArray[np.int8]
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return the FENs of rows as Arrow string buffers: offsets and bytes."""
    offsets = np.zeros(len(positions) + 1, dtype=np.int32)
    out = np.empty(len(positions) * FEN_ROOM, dtype=np.uint8)
    end = _write_all(positions, variants, offsets, out)
    return offsets, out[:end]


@kernel
def _write_all(
    positions: NDArray[np.uint64],
    variants: NDArray[np.int8],
    offsets: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> int:
    squares = np.zeros(64, dtype=np.uint8)
    n = 0
    for at in range(len(positions)):
        n = _write_fen(positions, np.uint64(at), variants[at], out, n, squares)
        offsets[at + 1] = n
    return n


@kernel
def _write_fen(
    rows: NDArray[np.uint64],
    at: Word,
    variant: int,
    out: NDArray[np.uint8],
    n: int,
    squares: NDArray[np.uint8],
) -> int:
    """Write the FEN from place ``n`` on; return the place behind it. ``squares`` is room for 64 letters."""
    _letter_squares(rows, at, squares)
    promoted = rows[at, 13]
    for rank in range(7, -1, -1):
        n = _write_rank(squares, promoted, rank, out, n)
        if rank:
            out[n] = SLASH
            n += 1
    if variant == BY_DROPS:
        n = _write_hands(rows[at, 12], out, n)
    out[n] = SPACE
    out[n + 1] = LETTER_B if rows[at, 10] & ONE else LETTER_W
    out[n + 2] = SPACE
    n = _write_castling(rows, at, out, n + 3)
    out[n] = SPACE
    n += 1
    passed = rows[at, 9]
    if passed == _SIXTY_FOUR:
        out[n] = DASH
        n += 1
    else:
        out[n] = LETTER_A + (passed & _SEVEN)
        out[n + 1] = DIGIT_1 + (passed >> _THREE)
        n += 2
    if variant == BY_CHECKS:
        out[n], out[n + 2] = SPACE, PLUS
        out[n + 1] = DIGIT_0 + (rows[at, 12] & _BYTE)
        out[n + 3] = DIGIT_0 + (rows[at, 12] >> np.uint64(8) & _BYTE)
        n += 4
    out[n] = SPACE
    n = _write_number(signed(rows[at, 10] >> np.uint64(8) & np.uint64(0xFFFFFF)), out, n + 1)
    out[n] = SPACE
    return _write_number(signed(rows[at, 10] >> np.uint64(32)), out, n + 1)


@kernel
def _write_hands(hands: Word, out: NDArray[np.uint8], n: int) -> int:
    """Write the pieces in hand in brackets, White's first, from the queen down."""
    out[n] = OPEN_BRACKET
    n += 1
    for color in range(2):
        for kind in _IN_HAND:
            place = np.uint64(HAND_BITS * (5 * color + kind))
            for _ in range(signed(hands >> place & np.uint64(63))):
                out[n] = _LETTERS[kind + 6 * color]
                n += 1
    out[n] = CLOSE_BRACKET
    return n + 1


@kernel
def _letter_squares(rows: NDArray[np.uint64], at: Word, squares: NDArray[np.uint8]) -> None:
    """Write the letter of its piece for each square, 0 for an empty one."""
    squares[:] = 0
    for kind in range(6):
        for color in range(2):
            pieces = rows[at, kind] & rows[at, 6 + color]
            while pieces:
                squares[ctz(pieces)] = _LETTERS[kind + 6 * color]
                pieces &= pieces - ONE


@kernel
def _write_rank(squares: NDArray[np.uint8], promoted: Word, rank: int, out: NDArray[np.uint8], n: int) -> int:
    empty = 0
    for square in range(8 * rank, 8 * rank + 8):
        if squares[square] == 0:
            empty += 1
            continue
        if empty:
            out[n] = DIGIT_0 + empty
            n += 1
            empty = 0
        out[n] = squares[square]
        n += 1
        if promoted & bit(np.uint64(square)):
            out[n] = TILDE
            n += 1
    if empty:
        out[n] = DIGIT_0 + empty
        n += 1
    return n


@kernel
def _write_castling(rows: NDArray[np.uint64], at: Word, out: NDArray[np.uint8], n: int) -> int:
    """Write the rights, the h-file's side first; the file's letter where an outer rook stands there too."""
    if rows[at, 8] == ZERO:
        out[n] = DASH
        return n + 1
    for color in range(2):
        king = ctz(rows[at, 5] & rows[at, 6 + color])
        rooks = rows[at, 3] & rows[at, 6 + color]
        for file in range(7, -1, -1):
            square = np.uint64(56 * color + file)
            word = bit(square)
            if not rows[at, 8] & word:
                continue
            home = np.uint64(0xFF) << np.uint64(56 * color)
            if square > king:
                outer = rooks & home & (ALL << square) & ~word
                letter = CAPITAL_K
            else:
                outer = rooks & home & (word - ONE)
                letter = CAPITAL_Q
            out[n] = (CAPITAL_A + file if outer else letter) + TO_LOWER * color
            n += 1
    return n


@kernel
def _write_number(number: int, out: NDArray[np.uint8], n: int) -> int:
    digits = 1
    rest = number
    while rest >= 10:
        rest //= 10
        digits += 1
    for place in range(digits - 1, -1, -1):
        out[n + place] = DIGIT_0 + number % 10
        number //= 10
    return n + digits
