"""Pieces move as pieces do; a pawn that reaches the last rank is promoted."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import Bishop, Knight, Pawn, Piece, Queen, Rook
from lakehouse.chess.validators.interface import MoveValidator

__all__ = ["MovementStrategy"]


class MovementStrategy(MoveValidator):
    """Brings every move of the pieces' own geometry (FIDE 3.1-3.7), a promotion as one move a choice."""

    def __init__(self, promotions: tuple[type[Piece], ...] = (Queen, Rook, Bishop, Knight)) -> None:
        self._promotions = promotions

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        squares, turn = board.squares, board.turn
        found: list[Move] = []
        for start, piece in enumerate(squares):
            if piece is None or piece.color is not turn or (kind is not None and type(piece) is not kind):
                continue
            if end is None:
                ends = piece.reach(squares, start)
            else:
                ends = [end] if piece.is_legal_move(board, start, end) else []
            if type(piece) is Pawn:
                for to in ends:
                    found.extend(self._pawn_moves(board, start, to, piece))
            else:
                for to in ends:
                    found.append(Move(start=start, end=to, piece=piece, captured=squares[to]))  # noqa: PERF401
        return found

    def _pawn_moves(self, board: Board, start: Position, end: Position, pawn: Piece) -> list[Move]:
        captured = board.squares[end]
        if end >> 3 in (0, 7):  # FIDE 3.7.3.3
            return [
                Move(start=start, end=end, piece=pawn, captured=captured, promotion=kind)
                for kind in self._promotions
            ]
        flag = MoveFlag.DOUBLE_STEP if abs(end - start) == 16 else MoveFlag.NORMAL
        return [Move(start=start, end=end, piece=pawn, captured=captured, flag=flag)]
