"""Antichess: captures are compulsory, the king is a piece like any other, and who has no move left wins."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.geometry import Color
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import Bishop, King, Knight, Queen, Rook
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import EnPassantStrategy, MovementStrategy, MoveValidator
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.mating import DeadBy, can_win_antichess

__all__ = ["ANTICHESS"]


class CompulsoryCaptureStrategy(MoveValidator):
    """Who can capture must capture."""

    def __init__(self, movement: MovementStrategy, en_passant: EnPassantStrategy) -> None:
        self._sources = (movement, en_passant)

    def permitted(self, board: Board, moves: list[Move]) -> list[Move]:
        captures = [move for move in moves if move.captured is not None]
        return captures if captures or self._can_capture(board) else moves

    def objection(self, board: Board, move: Move) -> str | None:
        if move.captured is None and self._can_capture(board):
            return "a capture is possible, so one must be played (antichess)"
        return None

    def _can_capture(self, board: Board) -> bool:
        return any(move.captured is not None for source in self._sources for move in source.propose(board))


class NoPiecesLeft(Goal):
    """A side without pieces has won."""

    def reached(self, board: Board) -> Ending | None:
        for color in Color:
            if next(board.pieces(color), None) is None:
                return Ending(termination=Termination.VARIANT_GOAL, winner=color)
        return None


class StalemateWins(NoMoves):
    """A side that can't move has won."""

    def stalemate_winner(self, board: Board) -> Color | None:
        return board.turn


_MOVEMENT = MovementStrategy(promotions=(Queen, Rook, Bishop, Knight, King))
_EN_PASSANT = EnPassantStrategy()

ANTICHESS = Variant(
    name="antichess",
    aliases=("giveaway", "suicide", "losers", "anti chess"),
    start_fen="rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w - - 0 1",
    engine=RuleEngine(
        [_MOVEMENT, _EN_PASSANT, CompulsoryCaptureStrategy(_MOVEMENT, _EN_PASSANT)],
        endings=[StalemateWins(), DeadBy(can_win_antichess)],
        goals=[NoPiecesLeft()],
    ),
    kings={color: frozenset(range(17)) for color in Color},
    can_win=can_win_antichess,
)
