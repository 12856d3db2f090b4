"""Write a row as X-FEN into a buffer of bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, bit, ctz, kernel, signed

__all__ = ["FEN_ROOM", "write_fen"]

FEN_ROOM = 112
"""No FEN of standard chess or Chess960 is longer."""

_LETTERS = np.frombuffer(b"PNBRQKpnbrqk", dtype=np.uint8).copy()
_SEVEN, _THREE, _SIXTY_FOUR = (np.uint64(n) for n in (7, 3, 64))


@kernel
def write_fen(
    rows: NDArray[np.uint64], at: Word, out: NDArray[np.uint8], n: int, squares: NDArray[np.uint8]
) -> int:
    """Write the FEN from place ``n`` on; return the place behind it. ``squares`` is room for 64 letters."""
    _letter_squares(rows, at, squares)
    for rank in range(7, -1, -1):
        n = _write_rank(squares, rank, out, n)
        out[n] = 47 if rank else 32  # / or space
        n += 1
    out[n] = 98 if rows[at, 10] & ONE else 119  # b w
    out[n + 1] = 32
    n = _write_castling(rows, at, out, n + 2)
    out[n] = 32
    n += 1
    passed = rows[at, 9]
    if passed == _SIXTY_FOUR:
        out[n] = 45
        n += 1
    else:
        out[n] = 97 + (passed & _SEVEN)
        out[n + 1] = 49 + (passed >> _THREE)
        n += 2
    out[n] = 32
    n = _write_number(signed(rows[at, 10] >> np.uint64(8) & np.uint64(0xFFFFFF)), out, n + 1)
    out[n] = 32
    return _write_number(signed(rows[at, 10] >> np.uint64(32)), out, n + 1)


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
def _write_rank(squares: NDArray[np.uint8], rank: int, out: NDArray[np.uint8], n: int) -> int:
    empty = 0
    for square in range(8 * rank, 8 * rank + 8):
        if squares[square] == 0:
            empty += 1
            continue
        if empty:
            out[n] = 48 + empty
            n += 1
            empty = 0
        out[n] = squares[square]
        n += 1
    if empty:
        out[n] = 48 + empty
        n += 1
    return n


@kernel
def _write_castling(rows: NDArray[np.uint64], at: Word, out: NDArray[np.uint8], n: int) -> int:
    """Write the rights, the h-file's side first; the file's letter where an outer rook stands there too."""
    if rows[at, 8] == ZERO:
        out[n] = 45
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
                letter = 75  # K
            else:
                outer = rooks & home & (word - ONE)
                letter = 81  # Q
            out[n] = (65 + file if outer else letter) + 32 * color
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
        out[n + place] = 48 + number % 10
        number //= 10
    return n + digits
