"""King of the hill: a king that reaches d4, e4, d5 or e5 wins."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.geometry import position_of
from lakehouse.chess.pieces import King
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import CastlingStrategy, CheckStrategy, EnPassantStrategy, MovementStrategy
from lakehouse.chess.variants.interface import Variant

__all__ = ["KING_OF_THE_HILL"]

_HILL = tuple(position_of(name) for name in ("d4", "e4", "d5", "e5"))


class OnTheHill(Goal):
    """A king stands on the hill."""

    def reached(self, board: Board) -> Ending | None:
        for at in _HILL:
            piece = board.squares[at]
            if type(piece) is King:
                return Ending(termination=Termination.VARIANT_GOAL, winner=piece.color)
        return None


KING_OF_THE_HILL = Variant(
    name="king of the hill",
    aliases=("kingofthehill", "koth"),
    engine=RuleEngine(
        [MovementStrategy(), EnPassantStrategy(), CastlingStrategy(), CheckStrategy()],
        endings=[NoMoves()],
        goals=[OnTheHill()],
    ),
    can_win=lambda board, color: True,
)
