"""Atomic: a capture explodes, and takes along whatever stands around it but pawns; an exploded king loses."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.endings import Goal, NoMoves
from lakehouse.chess.geometry import KING_STEPS, Color, Position
from lakehouse.chess.move import Move
from lakehouse.chess.pieces import King, Pawn, Piece
from lakehouse.chess.placement import place
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
from lakehouse.chess.variants.mating import DeadBy, can_win_atomic

__all__ = ["ATOMIC"]


def explode(squares: list[Piece | None], centre: Position) -> None:
    """Take the capturing piece away, and its neighbours that are not pawns."""
    squares[centre] = None
    for at in KING_STEPS[centre]:
        if type(squares[at]) is not Pawn:
            squares[at] = None


class ExplosionStrategy(MoveValidator):
    """Every capture explodes."""

    def apply(self, draft: BoardDraft, move: Move) -> None:
        if move.captured is not None:
            explode(draft.squares, move.end)


class AtomicCheckStrategy(CheckStrategy):
    """Kings that touch give no check, an exploded enemy king ends every check, the own may not explode."""

    def is_unsafe(self, squares: Sequence[Piece | None], position: Position, color: Color) -> bool:
        enemy = King(color.opponent)
        if any(squares[at] is enemy for at in KING_STEPS[position]):
            return False
        return super().is_unsafe(squares, position, color)

    def permitted(self, board: Board, moves: list[Move]) -> list[Move]:
        return [move for move in moves if self.objection(board, move) is None]

    def objection(self, board: Board, move: Move) -> str | None:
        squares = list(board.squares)
        place(squares, move)
        if move.captured is not None:
            explode(squares, move.end)
        if King(board.turn) not in squares:
            return "the own king would explode (atomic)"
        if King(board.turn.opponent) not in squares:
            return None
        if self._exposes_king(squares, board.turn):
            return "the king would be in check after it (FIDE 3.9.2)"
        return None


class KingExploded(Goal):
    """A side without king has lost."""

    def reached(self, board: Board) -> Ending | None:
        for color in Color:
            if board.king_of(color) is None:
                return Ending(termination=Termination.VARIANT_GOAL, winner=color.opponent)
        return None


_CHECK = AtomicCheckStrategy()

ATOMIC = Variant(
    name="atomic",
    aliases=("atom", "atomic chess"),
    engine=RuleEngine(
        [MovementStrategy(), EnPassantStrategy(), ExplosionStrategy(), CastlingStrategy(_CHECK), _CHECK],
        endings=[NoMoves(), DeadBy(can_win_atomic)],
        goals=[KingExploded()],
    ),
    kings={color: frozenset({0, 1}) for color in Color},
    can_win=can_win_atomic,
)
