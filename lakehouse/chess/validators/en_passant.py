"""A pawn that went two squares can be captured as if it went one, at the next move only."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.geometry import PAWN_CAPTURES, Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import Pawn, Piece
from lakehouse.chess.validators.interface import MoveValidator

__all__ = ["EnPassantStrategy"]


class EnPassantStrategy(MoveValidator):
    """Brings the capture in passing (FIDE 3.7.3.1-2). The check rule says whether it exposes the king."""

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        target = board.en_passant
        if target is None or kind not in (None, Pawn) or end not in (None, target):
            return ()
        pawn, victim = Pawn(board.turn), Pawn(board.turn.opponent)
        return [
            Move(start=start, end=target, piece=pawn, captured=victim, flag=MoveFlag.EN_PASSANT)
            for start in PAWN_CAPTURES[board.turn.opponent][target]
            if board.squares[start] is pawn
        ]

    def apply(self, draft: BoardDraft, move: Move) -> None:
        """Remember the square passed over, if a pawn stands ready to capture there."""
        if move.flag is not MoveFlag.DOUBLE_STEP or move.start >> 3 not in (1, 6):
            return
        passed = (move.start + move.end) // 2
        enemy = Pawn(move.piece.color.opponent)
        if any(draft.squares[at] is enemy for at in PAWN_CAPTURES[move.piece.color][passed]):
            draft.en_passant = passed
