"""Perft over rows, the last ply counted without making its moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.board import Board
from lakehouse.chess.fast.bits import ONE, Word, kernel
from lakehouse.chess.fast.making import make
from lakehouse.chess.fast.movegen import count_moves, list_moves
from lakehouse.chess.fast.state import WORDS, row_of_board

__all__ = ["fast_perft"]


def fast_perft(board: Board, depth: int) -> int:
    """Return how many games of ``depth`` moves begin at a board of standard chess or Chess960."""
    if depth == 0:
        return 1
    rows = np.zeros((depth + 1, WORDS), dtype=np.uint64)
    rows[0] = row_of_board(board)
    moves = np.zeros((depth + 1, 256), dtype=np.uint16)
    return int(_perft(rows, 0, moves, depth))


@kernel
def _perft(rows: NDArray[np.uint64], at: int, moves: NDArray[np.uint16], depth: int) -> Word:
    """Walk the tree without recursion: ``left[d]`` moves of depth ``d`` are still to be made."""
    if depth == 1:
        return count_moves(rows, at)
    nodes = ONE - ONE
    left = np.zeros(depth, dtype=np.int64)
    left[0] = list_moves(rows, at, moves[0])
    level = 0
    while level >= 0:
        if left[level] == 0:
            level -= 1
            continue
        left[level] -= 1
        make(rows, at + level, np.uint64(moves[level, left[level]]))
        if level == depth - 2:
            nodes += count_moves(rows, at + level + 1)
        else:
            level += 1
            left[level] = list_moves(rows, at + level, moves[level])
    return nodes
