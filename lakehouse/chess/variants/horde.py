"""Horde: 36 white pawns against the black army; White has no king and loses with the last piece."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.chess.board import Board
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import Pawn, Piece
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import (
    CastlingStrategy,
    CheckStrategy,
    EnPassantStrategy,
    MovementStrategy,
    MoveValidator,
)
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.mating import can_win_horde

__all__ = ["HORDE"]


class FirstRankStrategy(MoveValidator):
    """White pawns on the first rank may go two squares too, and can't be captured in passing for it."""

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        if board.turn is not Color.WHITE or kind not in (None, Pawn):
            return
        pawn = Pawn(Color.WHITE)
        for start in range(8):
            free = board.squares[start + 8] is None and board.squares[start + 16] is None
            if board.squares[start] is pawn and free and end in (None, start + 16):
                yield Move(start=start, end=start + 16, piece=pawn, flag=MoveFlag.DOUBLE_STEP)


class HordeCaptured(Goal):
    """Black wins by taking everything."""

    def reached(self, board: Board) -> Ending | None:
        if next(board.pieces(Color.WHITE), None) is None:
            return Ending(termination=Termination.VARIANT_GOAL, winner=Color.BLACK)
        return None


HORDE = Variant(
    name="horde",
    aliases=("horde chess",),
    start_fen="rnbqkbnr/pppppppp/8/1PP2PP1/PPPPPPPP/PPPPPPPP/PPPPPPPP/PPPPPPPP w kq - 0 1",
    engine=RuleEngine(
        [
            MovementStrategy(),
            FirstRankStrategy(),
            EnPassantStrategy(),
            CastlingStrategy(),
            CheckStrategy(),
        ],
        endings=[NoMoves()],
        goals=[HordeCaptured()],
    ),
    kings={Color.WHITE: frozenset({0}), Color.BLACK: frozenset({1})},
    pawn_ranks={Color.WHITE: range(7), Color.BLACK: range(1, 7)},
    can_win=can_win_horde,
)
