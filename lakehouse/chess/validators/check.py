"""No move may leave the own king in check."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.chess.attacks import is_attacked, pinned_positions
from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import King, Piece
from lakehouse.chess.placement import place
from lakehouse.chess.validators.interface import MoveValidator

__all__ = ["CheckStrategy"]


class CheckStrategy(MoveValidator):
    """Forbids what exposes the own king or leaves it in check (FIDE 3.9.2)."""

    def is_in_check(self, board: Board, color: Color) -> bool:
        king = board.king_of(color)
        return king is not None and self.is_unsafe(board.squares, king, color)

    def is_unsafe(self, squares: Sequence[Piece | None], position: Position, color: Color) -> bool:
        """Say whether a king of ``color`` would be in check on ``position``."""
        return is_attacked(squares, position, by=color.opponent)

    def objection(self, board: Board, move: Move) -> str | None:
        squares = list(board.squares)
        place(squares, move)
        if self._exposes_king(squares, board.turn):
            return "the king would be in check after it (FIDE 3.9.2)"
        return None

    def permitted(self, board: Board, moves: list[Move]) -> list[Move]:
        """Play out only moves that can matter: of the king, of pinned pieces, in passing, or out of check."""
        king = board.king_of(board.turn)
        if king is None:
            return moves
        if is_attacked(board.squares, king, by=board.turn.opponent):
            return super().permitted(board, moves)
        pinned = pinned_positions(board.squares, king, board.turn)
        return [
            move
            for move in moves
            if (move.start not in pinned and move.start != king and move.flag is not MoveFlag.EN_PASSANT)
            or self.objection(board, move) is None
        ]

    def _exposes_king(self, squares: list[Piece | None], color: Color) -> bool:
        king = King(color)
        return king in squares and self.is_unsafe(squares, squares.index(king), color)
