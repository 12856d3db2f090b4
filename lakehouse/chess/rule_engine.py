"""The judge of a game: which moves are legal, what they do, and whether the position ends the game.

It is made of injected strategies and knows no rule itself, so a variant is another list of strategies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.endings import EndingRule, Goal
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import Pawn, Piece
from lakehouse.chess.placement import place
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators.interface import MoveValidator

__all__ = ["DrawState", "Forbidden", "Permitted", "RuleEngine"]

FIFTY_MOVES_PLIES = 100
SEVENTYFIVE_MOVES_PLIES = 150


@dataclass(frozen=True, slots=True)
class Permitted:
    """The move is legal."""

    move: Move


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The move breaks a rule."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawState:
    """What the counters of a position allow, and what they end by themselves."""

    claimable: tuple[Termination, ...]
    """What the player to move may claim (FIDE 9.2, 9.3)."""
    automatic: Termination | None
    """What ends the game without a claim (FIDE 9.6)."""


class RuleEngine:
    """Judges positions of one variant. Holds no state: one engine serves any number of games and threads."""

    def __init__(
        self,
        validators: Sequence[MoveValidator],
        *,
        endings: Sequence[EndingRule] = (),
        goals: Sequence[Goal] = (),
    ) -> None:
        self._validators = tuple(validators)
        self._endings = tuple(endings)
        self._goals = tuple(goals)

    def legal_moves(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> list[Move]:
        """Return the legal moves, only those of one kind of piece or to one square if they are given."""
        if self.goal_reached(board) is not None:
            return []
        moves = [move for rule in self._validators for move in rule.propose(board, kind=kind, end=end)]
        for rule in self._validators:
            moves = rule.permitted(board, moves)
        return moves

    def has_legal_move(self, board: Board) -> bool:
        """Say whether the side to move can move at all."""
        return bool(self.legal_moves(board))

    def validate_move(self, board: Board, move: Move) -> Permitted | Forbidden:
        """Judge one move; a forbidden one comes with its reason and the article it breaks."""
        if move.piece.color is not board.turn:
            return Forbidden(f"it is {board.turn.name.lower()}'s turn (FIDE 1.3)")
        if (goal := self.goal_reached(board)) is not None:
            return Forbidden(f"the game is over by {goal.termination.value}")
        proposed = [m for rule in self._validators for m in rule.propose(board, kind=type(move.piece))]
        if move not in proposed:
            return Forbidden("no piece there moves like that (FIDE 3.1)")
        for rule in self._validators:
            if (reason := rule.objection(board, move)) is not None:
                return Forbidden(reason)
        if move not in self.legal_moves(board, kind=type(move.piece)):
            return Forbidden("another kind of move must be played in this variant")
        return Permitted(move)

    def apply(self, board: Board, move: Move) -> Board:
        """Return the board after a legal move. It is not judged again: see ``validate_move``."""
        draft = BoardDraft(board)
        place(draft.squares, move)
        draft.count(is_zeroing=move.captured is not None or type(move.piece) is Pawn)
        for rule in self._validators:
            rule.apply(draft, move)
        return self.settled(draft.freeze())

    def settled(self, board: Board) -> Board:
        """Return the board with its en passant square only if a capture there is legal (FIDE 9.2.3.1)."""
        if board.en_passant is None:
            return board
        captures = self.legal_moves(board, kind=Pawn, end=board.en_passant)
        if any(move.flag is MoveFlag.EN_PASSANT for move in captures):
            return board
        return replace(board, en_passant=None)

    def is_in_check(self, board: Board, color: Color | None = None) -> bool:
        """Say whether the king of ``color`` (by default the side to move) is in check (FIDE 3.9.1)."""
        side = board.turn if color is None else color
        return any(rule.is_in_check(board, side) for rule in self._validators)

    def is_checkmate(self, board: Board) -> bool:
        """Say whether the side to move is in check and has no legal move (FIDE 5.1.1)."""
        return self.is_in_check(board) and not self.has_legal_move(board)

    def is_stalemate(self, board: Board) -> bool:
        """Say whether the side to move is not in check and has no legal move (FIDE 5.2.1)."""
        return not self.is_in_check(board) and not self.has_legal_move(board)

    def goal_reached(self, board: Board) -> Ending | None:
        """Return the variant's own ending, if its goal is reached."""
        return next((e for goal in self._goals if (e := goal.reached(board)) is not None), None)

    def ending(self, board: Board, *, repetitions: int = 1) -> Ending | None:
        """Return how the position ends the game by itself; mate goes before the counters (FIDE 9.6.2)."""
        if (goal := self.goal_reached(board)) is not None:
            return goal
        for rule in self._endings:
            if (ending := rule.ending(self, board)) is not None:
                return ending
        automatic = self.draw_state(board, repetitions=repetitions).automatic
        return None if automatic is None else Ending(termination=automatic)

    def draw_state(self, board: Board, *, repetitions: int = 1) -> DrawState:
        """Return what the counters say, ``repetitions`` counting this position's own appearance."""
        automatic = Termination.FIVEFOLD_REPETITION if repetitions >= 5 else None
        if automatic is None and board.halfmove_clock >= SEVENTYFIVE_MOVES_PLIES:
            automatic = Termination.SEVENTYFIVE_MOVES
        claims = (
            (Termination.THREEFOLD_REPETITION, repetitions >= 3),
            (Termination.FIFTY_MOVES, board.halfmove_clock >= FIFTY_MOVES_PLIES),
        )
        return DrawState(claimable=tuple(term for term, holds in claims if holds), automatic=automatic)
