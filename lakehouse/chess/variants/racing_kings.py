"""Racing kings: no check may be given, and the first king on the eighth rank wins."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.geometry import KING_STEPS, Color
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import King
from lakehouse.chess.placement import place
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import CheckStrategy, MovementStrategy
from lakehouse.chess.variants.interface import Variant

__all__ = ["RACING_KINGS"]


class NoCheckStrategy(CheckStrategy):
    """Neither king may come into check, the opponent's no more than the own."""

    def permitted(self, board: Board, moves: list[Move]) -> list[Move]:
        return [move for move in moves if self.objection(board, move) is None]

    def objection(self, board: Board, move: Move) -> str | None:
        squares = list(board.squares)
        place(squares, move)
        if self._exposes_king(squares, board.turn):
            return "the king would be in check after it (FIDE 3.9.2)"
        if self._exposes_king(squares, board.turn.opponent):
            return "it gives check (racing kings)"
        return None


class EighthRank(Goal):
    """A king on the eighth rank wins, but Black may answer White's with one last move."""

    def __init__(self, check: CheckStrategy) -> None:
        self._check = check

    def reached(self, board: Board) -> Ending | None:
        home = [(king := board.king_of(color)) is not None and king >> 3 == 7 for color in Color]
        if all(home):
            return Ending(termination=Termination.VARIANT_GOAL)
        if home[Color.BLACK]:
            return Ending(termination=Termination.VARIANT_GOAL, winner=Color.BLACK)
        if not home[Color.WHITE] or (board.turn is Color.BLACK and self._black_can_follow(board)):
            return None
        return Ending(termination=Termination.VARIANT_GOAL, winner=Color.WHITE)

    def _black_can_follow(self, board: Board) -> bool:
        king = board.king_of(Color.BLACK)
        if king is None or king >> 3 != 6:
            return False
        steps = [end for end in KING_STEPS[king] if end >> 3 == 7]
        moves = [
            Move(start=king, end=end, piece=King(Color.BLACK), captured=board.squares[end])
            for end in steps
            if King(Color.BLACK).is_legal_move(board, king, end)
        ]
        return any(self._check.objection(board, move) is None for move in moves)


_CHECK = NoCheckStrategy()

RACING_KINGS = Variant(
    name="racing kings",
    aliases=("racingkings", "racing", "race"),
    start_fen="8/8/8/8/8/8/krbnNBRK/qrbnNBRQ w - - 0 1",
    engine=RuleEngine([MovementStrategy(), _CHECK], endings=[NoMoves()], goals=[EighthRank(_CHECK)]),
    can_win=lambda board, color: True,
)
