"""A position as a row of 12 words, and the way between rows and boards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color
from lakehouse.chess.pieces import PIECE_TYPES, Piece
from lakehouse.chess.position_key import zobrist_key

__all__ = [
    "BLACK",
    "CASTLING",
    "CLOCKS",
    "EN_PASSANT",
    "KEY",
    "KINGS",
    "NO_SQUARE",
    "WHITE",
    "WORDS",
    "board_of_row",
    "row_of_board",
]

WORDS = 12
"""0-5: pawns, knights, bishops, rooks, queens, kings of both sides."""
KINGS = 5
WHITE, BLACK = 6, 7
CASTLING = 8
"""The rooks that may castle."""
EN_PASSANT = 9
"""The square of a legal capture in passing, or 64."""
CLOCKS = 10
"""Bit 0: Black to move; from bit 8: halfmove clock; from bit 32: move number."""
KEY = 11
"""The Zobrist key."""
NO_SQUARE = 64

_ORDER = "PNBRQK"


def row_of_board(board: Board) -> NDArray[np.uint64]:
    """Return the 12 words of a board of standard chess or Chess960."""
    words = [0] * WORDS
    for at, piece in board.get_all_pieces().items():
        words[_ORDER.index(piece.letter)] |= 1 << at
        words[WHITE + piece.color] |= 1 << at
    words[CASTLING] = sum(1 << rook for rook in board.castling_rooks)
    words[EN_PASSANT] = NO_SQUARE if board.en_passant is None else board.en_passant
    words[CLOCKS] = int(board.turn) | board.halfmove_clock << 8 | board.fullmove_number << 32
    words[KEY] = zobrist_key(board)
    return np.array(words, dtype=np.uint64)


def board_of_row(row: NDArray[np.uint64], *, version: int = 0) -> Board:
    """Return the board that a row stands for."""
    words = [int(word) for word in row]
    squares: list[Piece | None] = [None] * 64
    for order, letter in enumerate(_ORDER):
        for color in Color:
            word = words[order] & words[WHITE + color]
            for at in range(64):
                if word >> at & 1:
                    squares[at] = PIECE_TYPES[letter](color)
    passed = words[EN_PASSANT]
    return Board(
        squares=tuple(squares),
        turn=Color(words[CLOCKS] & 1),
        castling_rooks=frozenset(at for at in range(64) if words[CASTLING] >> at & 1),
        en_passant=None if passed == NO_SQUARE else passed,
        halfmove_clock=words[CLOCKS] >> 8 & 0xFFFFFF,
        fullmove_number=words[CLOCKS] >> 32,
        version=version,
    )
