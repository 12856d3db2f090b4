"""What the events of a game add up to. Only ``take`` changes it, so a replay gives what was played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from lakehouse.chess.board import Board
from lakehouse.chess.clock import ClockPolicy, ClockState
from lakehouse.chess.events import EventKind, GameEvent
from lakehouse.chess.geometry import Color
from lakehouse.chess.position_key import position_key
from lakehouse.chess.rule_engine import DrawState
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.variants.interface import Variant

__all__ = ["GameState"]


@dataclass(slots=True)
class GameState:
    """Position, clocks, offers and counters of one game. Not thread-safe: its game locks it."""

    variant: Variant
    board: Board
    policy: ClockPolicy | None
    events: list[GameEvent] = field(default_factory=list)
    clock: ClockState | None = None
    turn_began_ms: int = 0
    offer: Color | None = None
    """Whose draw offer stands."""
    faults: Counter[Color] = field(default_factory=Counter)
    """Completed illegal moves by player."""
    seen: Counter[Hashable] = field(default_factory=Counter)

    @property
    def ending(self) -> Ending | None:
        """How the game ended; None while it goes on."""
        return self.events[-1].ending if self.events else None

    def take(self, event: GameEvent, board: Board) -> None:
        """Take an event in; ``board`` is the position after it."""
        self.events.append(event)
        self.board = board
        if event.remaining_ms is not None:
            made = (0, 0) if self.clock is None else self.clock.moves_made
            self.clock = ClockState(remaining_ms=event.remaining_ms, moves_made=made)
        if event.kind in (EventKind.STARTED, EventKind.MOVE):
            self.seen[position_key(board)] += 1
            self.turn_began_ms = event.at_ms
        if event.kind is EventKind.MOVE and event.by is not None:
            self._count_move(event.by)
        elif event.kind is EventKind.DRAW_OFFERED:
            self.offer = event.by
        elif event.kind is EventKind.DRAW_DECLINED:
            self.offer = None
        elif event.kind is EventKind.ILLEGAL_MOVE and event.by is not None:
            self.faults[event.by] += 1

    def _count_move(self, by: Color) -> None:
        if self.offer is by.opponent:
            self.offer = None  # FIDE 9.1.2.1: a move declines the opponent's offer.
        if self.clock is not None:
            white, black = self.clock.moves_made
            made = (white + 1, black) if by is Color.WHITE else (white, black + 1)
            self.clock = ClockState(remaining_ms=self.clock.remaining_ms, moves_made=made)

    def repetitions(self, board: Board | None = None) -> int:
        """Return how often a position stood on the board; the position now if none is given."""
        return self.seen[position_key(self.board if board is None else board)]

    def draw_state_after(self, board: Board) -> DrawState:
        """Return what may be claimed with an intended move that leads to ``board`` (FIDE 9.2.1, 9.3.1)."""
        return self.variant.engine.draw_state(board, repetitions=self.repetitions(board) + 1)

    def draw_state(self) -> DrawState:
        """Return what may be claimed now (FIDE 9.2.2, 9.3.2)."""
        return self.variant.engine.draw_state(self.board, repetitions=self.repetitions())

    def lost_by(self, loser: Color, termination: Termination) -> Ending:
        """Return the ending by a player's fault; a draw if the opponent can't mate (FIDE 5.1.2, 6.9)."""
        if self.variant.can_win(self.board, loser.opponent):
            return Ending(termination=termination, winner=loser.opponent)
        if termination is Termination.TIME_FORFEIT:
            return Ending(termination=Termination.TIMEOUT_WITHOUT_MATING_MATERIAL)
        return Ending(termination=termination)
