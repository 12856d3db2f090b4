"""Perft over rows, the last ply counted without making its moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.board import Board
from lakehouse.chess.fast.bits import ONE, ZERO, Word, kernel
from lakehouse.chess.fast.making import make
from lakehouse.chess.fast.movegen import count_moves, list_moves
from lakehouse.chess.fast.state import USUAL_WORDS, row_of_board

__all__ = ["fast_perft"]


def fast_perft(board: Board, depth: int) -> int:
    """Return how many games of ``depth`` moves begin at a board of standard chess or Chess960."""
    if depth == 0:
        return 1
    rows = np.zeros((depth + 1, USUAL_WORDS), dtype=np.uint64)
    rows[0] = row_of_board(board)[:USUAL_WORDS]
    moves = np.zeros((depth + 1, 256), dtype=np.uint16)
    return int(_perft(rows, moves, depth))


@kernel
def _perft(rows: NDArray[np.uint64], moves: NDArray[np.uint16], depth: int) -> Word:
    """Walk the tree without recursion: ``left[d]`` moves of depth ``d`` are still to be made."""
    nodes, level = ZERO, ZERO
    if depth == 1:
        return count_moves(rows, level)
    last = np.uint64(depth - 2)
    left = np.zeros(depth, dtype=np.int64)
    left[0] = list_moves(rows, level, moves[0])
    while True:
        if left[level] == 0:
            if level == ZERO:
                return nodes
            level -= ONE
            continue
        left[level] -= 1
        for word in range(USUAL_WORDS):
            rows[level + ONE, word] = rows[level, word]
        make(rows, level + ONE, np.uint64(moves[level, left[level]]))
        if level == last:
            nodes += count_moves(rows, level + ONE)
        else:
            level += ONE
            left[level] = list_moves(rows, level, moves[level])
