"""Castling, in the usual setup and in Chess960: the same rule, wherever king and rook begin."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.geometry import Position, between
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import King, Piece, Rook
from lakehouse.chess.placement import castled_rook_end
from lakehouse.chess.validators.check import CheckStrategy
from lakehouse.chess.validators.interface import MoveValidator

__all__ = ["CastlingStrategy"]


class CastlingStrategy(MoveValidator):
    """Brings castling while its right lasts and its way is free; forbids it from and through check."""

    def __init__(self, check: CheckStrategy | None = None) -> None:
        self._check = check or CheckStrategy()

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        if not board.castling_rooks or kind not in (None, King):
            return ()
        king = board.king_of(board.turn)
        if king is None:
            return ()
        rooks = [rook for rook in board.castling_rooks if rook >> 3 == king >> 3]
        moves = [_castling(board, king, rook) for rook in sorted(rooks)]
        return [move for move in moves if end in (None, move.end) and _way_is_free(board, move)]

    def objection(self, board: Board, move: Move) -> str | None:
        if move.flag is not MoveFlag.CASTLING:
            return None
        squares = list(board.squares)
        squares[move.start] = None
        for step in (move.start, *between(move.start, move.end)):
            if self._check.is_unsafe(squares, step, board.turn):
                return "the king may not castle out of or through check (FIDE 3.8.2.2.1)"
        return None

    def apply(self, draft: BoardDraft, move: Move) -> None:
        """End the rights of a king that moved, of a rook that moved or was captured (FIDE 3.8.2.1)."""
        if not draft.castling_rooks:
            return
        before = draft.before.squares
        king_moved = type(move.piece) is King and move.flag is not MoveFlag.DROP
        draft.castling_rooks = frozenset(
            at
            for at in draft.castling_rooks
            if draft.squares[at] is before[at]
            and not (king_moved and before[at] is Rook(move.piece.color))
            and King(before[at].color) in draft.squares  # type: ignore[union-attr]
        )


def _castling(board: Board, king: Position, rook: Position) -> Move:
    end = (king & 56) | (6 if rook > king else 2)
    return Move(start=king, end=end, piece=King(board.turn), flag=MoveFlag.CASTLING, rook_start=rook)


def _way_is_free(board: Board, move: Move) -> bool:
    """Say whether nothing stands between, or where king and rook go (FIDE 3.8.2.2.2)."""
    rook = move.rook_start
    if rook is None or board.squares[rook] is not Rook(board.turn):
        return False
    rook_end = castled_rook_end(move.end)
    way = {*between(move.start, move.end), move.end, *between(rook, rook_end), rook_end} - {move.start, rook}
    return all(board.squares[step] is None for step in way)
