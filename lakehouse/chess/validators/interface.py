"""What a rule about moves may do: bring moves, forbid moves, and change the board after one."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import Piece

__all__ = ["MoveValidator"]


class MoveValidator(ABC):  # noqa: B024 - each hook has a neutral answer, a rule overrides those it needs
    """One rule. It sees a board and moves of the side to move, never the other rules."""

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        """Bring the moves that this rule knows, only those of a piece or to a square if one is given."""
        return ()

    def objection(self, board: Board, move: Move) -> str | None:
        """Say why the rule forbids the move, with its article; None if it doesn't."""
        return None

    def permitted(self, board: Board, moves: list[Move]) -> list[Move]:
        """Return the moves without objection; a rule overrides it only to be faster or to compare moves."""
        return [move for move in moves if self.objection(board, move) is None]

    def apply(self, draft: BoardDraft, move: Move) -> None:
        """Change the next board as the rule wants; the pieces of the move already stand on it."""
        return

    def is_in_check(self, board: Board, color: Color) -> bool:
        """Say whether this rule sees the king of ``color`` in check; a rule without checks says no."""
        return False
