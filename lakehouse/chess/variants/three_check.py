"""Three-check: whoever gives the third check wins."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.fen import FenExtras
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import King
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import CastlingStrategy, CheckStrategy, EnPassantStrategy, MovementStrategy
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.mating import DeadBy, has_more_than_king

__all__ = ["THREE_CHECK", "ChecksLeft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksLeft:
    """How many checks each side has still to give."""

    white: int = 3
    black: int = 3

    @property
    def hands(self) -> tuple[str, str]:
        return ("", "")

    @property
    def checks_left(self) -> tuple[int, int]:
        return (self.white, self.black)

    def fen_pocket(self) -> str:
        return ""

    def fen_field(self) -> str:
        return f"{self.white}+{self.black}"

    def is_promoted(self, position: Position) -> bool:
        return False


def _read_state(extras: FenExtras) -> ChecksLeft:
    if extras.checks is None:
        return ChecksLeft()
    first, second = (int(part) for part in extras.checks.strip("+").split("+"))
    if extras.checks.startswith("+"):
        return ChecksLeft(white=max(0, 3 - first), black=max(0, 3 - second))
    return ChecksLeft(white=first, black=second)


class CheckCountStrategy(CheckStrategy):
    """The rule of check, and a count of the checks given."""

    def apply(self, draft: BoardDraft, move: Move) -> None:
        color, left = move.piece.color, draft.variant_state
        if not isinstance(left, ChecksLeft):
            return
        king = draft.squares.index(King(color.opponent))
        if not self.is_unsafe(draft.squares, king, color.opponent):
            return
        given = 1 if color is Color.WHITE else 0
        draft.variant_state = ChecksLeft(
            white=max(0, left.white - given), black=max(0, left.black - (1 - given))
        )


class ThirdCheck(Goal):
    """The third check wins."""

    def reached(self, board: Board) -> Ending | None:
        left = board.variant_state
        if not isinstance(left, ChecksLeft) or (left.white and left.black):
            return None
        winner = Color.BLACK if left.white else Color.WHITE
        return Ending(termination=Termination.VARIANT_GOAL, winner=winner)


THREE_CHECK = Variant(
    name="three-check",
    aliases=("3check", "3-check", "three check", "threecheck"),
    start_fen="rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 3+3 0 1",
    engine=RuleEngine(
        [MovementStrategy(), EnPassantStrategy(), CastlingStrategy(), CheckCountStrategy()],
        endings=[NoMoves(), DeadBy(has_more_than_king)],
        goals=[ThirdCheck()],
    ),
    read_state=_read_state,
    can_win=has_more_than_king,
)
