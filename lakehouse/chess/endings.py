"""The rules that end a game on the board, one strategy each; a variant has its own list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color
from lakehouse.chess.material import is_dead_by_material
from lakehouse.chess.termination import Ending, Termination

__all__ = ["DeadPosition", "EndingRule", "Goal", "Judge", "NoMoves"]


class Judge(Protocol):
    """What an ending rule asks of the rule engine."""

    def has_legal_move(self, board: Board) -> bool:
        """Say whether the side to move can move at all."""

    def is_in_check(self, board: Board) -> bool:
        """Say whether the king of the side to move is in check."""


class Goal(ABC):
    """A variant's own way to end, before any move is looked at: once reached, no move is legal."""

    @abstractmethod
    def reached(self, board: Board) -> Ending | None:
        """Return the ending that the position itself makes, or None."""


class EndingRule(ABC):
    """A way to end that depends on the legal moves."""

    @abstractmethod
    def ending(self, engine: Judge, board: Board) -> Ending | None:
        """Return the ending that holds in the position, or None."""


class NoMoves(EndingRule):
    """Checkmate and stalemate (FIDE 5.1.1, 5.2.1)."""

    def ending(self, engine: Judge, board: Board) -> Ending | None:
        if engine.has_legal_move(board):
            return None
        if engine.is_in_check(board):
            return Ending(termination=Termination.CHECKMATE, winner=board.turn.opponent)
        return Ending(termination=Termination.STALEMATE, winner=self.stalemate_winner(board))

    def stalemate_winner(self, board: Board) -> Color | None:
        """A draw, except where a variant says otherwise."""
        return None


class DeadPosition(EndingRule):
    """Neither side can mate by any series of legal moves, by material alone (FIDE 5.2.2)."""

    def ending(self, engine: Judge, board: Board) -> Ending | None:
        if is_dead_by_material(board):
            return Ending(termination=Termination.INSUFFICIENT_MATERIAL)
        return None
