"""Tables of words by square, made once from the geometry that the strategies use."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.geometry import KING_STEPS, KNIGHT_STEPS, PAWN_CAPTURES, between
from lakehouse.chess.position_key import ZOBRIST_NUMBERS

__all__ = [
    "ANTIDIAGONAL_HIGH",
    "ANTIDIAGONAL_LOW",
    "BETWEEN",
    "DIAGONAL",
    "DIAGONAL_HIGH",
    "DIAGONAL_LOW",
    "FILE_HIGH",
    "FILE_LOW",
    "KING",
    "KNIGHT",
    "LINE",
    "ORTHOGONAL",
    "PAWN",
    "RANK_HIGH",
    "RANK_LOW",
    "ZOBRIST",
]

Words = NDArray[np.uint64]


def _word(squares: Iterable[int]) -> int:
    return sum(1 << square for square in squares)


def _table(entry: Callable[[int], Iterable[int]]) -> Words:
    return np.array([_word(entry(square)) for square in range(64)], dtype=np.uint64)


def _half_line(right: int, up: int, *, high: bool) -> Words:
    """Return, by square, the rest of its line above it or below it."""
    sign = 1 if (8 * up + right > 0) == high else -1

    def squares(start: int) -> Iterable[int]:
        file, rank = (start & 7) + sign * right, (start >> 3) + sign * up
        while 0 <= file < 8 and 0 <= rank < 8:
            yield file + 8 * rank
            file, rank = file + sign * right, rank + sign * up

    return _table(squares)


KNIGHT = _table(lambda square: KNIGHT_STEPS[square])
KING = _table(lambda square: KING_STEPS[square])
PAWN = np.stack([_table(captures.__getitem__) for captures in PAWN_CAPTURES])
"""By colour and square: where a pawn captures."""

RANK_LOW, RANK_HIGH = _half_line(1, 0, high=False), _half_line(1, 0, high=True)
FILE_LOW, FILE_HIGH = _half_line(0, 1, high=False), _half_line(0, 1, high=True)
DIAGONAL_LOW, DIAGONAL_HIGH = _half_line(1, 1, high=False), _half_line(1, 1, high=True)
ANTIDIAGONAL_LOW, ANTIDIAGONAL_HIGH = _half_line(-1, 1, high=False), _half_line(-1, 1, high=True)

ORTHOGONAL = RANK_LOW | RANK_HIGH | FILE_LOW | FILE_HIGH
DIAGONAL = DIAGONAL_LOW | DIAGONAL_HIGH | ANTIDIAGONAL_LOW | ANTIDIAGONAL_HIGH

BETWEEN = np.array([[_word(between(a, b)) for b in range(64)] for a in range(64)], dtype=np.uint64)


def _line(a: int, b: int) -> int:
    for low, high in (
        (RANK_LOW, RANK_HIGH),
        (FILE_LOW, FILE_HIGH),
        (DIAGONAL_LOW, DIAGONAL_HIGH),
        (ANTIDIAGONAL_LOW, ANTIDIAGONAL_HIGH),
    ):
        line = int(low[a] | high[a])
        if line >> b & 1:
            return line | 1 << a
    return 0


LINE = np.array([[_line(a, b) for b in range(64)] for a in range(64)], dtype=np.uint64)
"""The whole rank, file or diagonal through two squares; 0 if they share none."""

ZOBRIST = np.array(ZOBRIST_NUMBERS, dtype=np.uint64)
