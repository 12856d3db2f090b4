"""What a move does to the pieces on their squares, and to nothing else."""

from __future__ import annotations

from lakehouse.chess.geometry import Position
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import Piece, Rook

__all__ = ["castled_rook_end", "place"]


def castled_rook_end(king_end: Position) -> Position:
    """Return where the rook comes to stand, beside the king (FIDE 3.8.2)."""
    return king_end - 1 if king_end & 7 == 6 else king_end + 1


def place(squares: list[Piece | None], move: Move) -> None:
    """Move the piece, take what it captures, promote it, and move the rook of a castling."""
    squares[move.start] = None
    if move.captured is not None:
        squares[move.captured_position] = None
    if move.rook_start is not None:
        squares[move.rook_start] = None
        squares[castled_rook_end(move.end)] = Rook(move.piece.color)
    squares[move.end] = move.piece if move.promotion is None else move.promotion(move.piece.color)
