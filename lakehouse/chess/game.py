"""A game being played: moves, clocks, offers and claims, each recorded as an event before it counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypedDict, Unpack

from lakehouse.chess.board import Board
from lakehouse.chess.clock import ClockPolicy, ClockState, FlagFell
from lakehouse.chess.errors import GameOverError, IllegalMoveError, InvalidClaimError, OutOfTurnError
from lakehouse.chess.events import EventKind, GameEvent
from lakehouse.chess.fen import format_fen
from lakehouse.chess.game_state import GameState
from lakehouse.chess.geometry import Color
from lakehouse.chess.move import Move
from lakehouse.chess.rule_engine import DrawState, Forbidden
from lakehouse.chess.san import format_san, parse_move
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["EventSink", "Game", "wall_clock_ms"]

PENALTY_MS = 120_000
"""What the opponent gets for an illegal move or a wrong claim (FIDE 7.5.5, 9.5.3)."""


class EventSink(Protocol):
    """Where events are made durable. ``append`` raises when another writer recorded that entry first."""

    def append(self, index: int, event: GameEvent) -> None: ...


def wall_clock_ms() -> int:
    """Return the time of day in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class _Details(TypedDict, total=False):
    """The fields of an event that depend on its kind."""

    by: Color | None
    uci: str | None
    san: str | None
    note: str | None
    termination: Termination
    winner: Color | None
    variant: str
    time_control: str | None


class Game:
    """One game. Every method is atomic: any number of threads may call them.

    An event goes to the sink first; if the sink refuses it, the game is as it was.
    """

    def __init__(
        self,
        *,
        variant: Variant = STANDARD,
        fen: str | None = None,
        clock: ClockPolicy | None = None,
        sink: EventSink | None = None,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        board = variant.start_board() if fen is None else variant.board_of(fen)
        self._state = GameState(variant, board, clock)
        self._engine = variant.engine
        self._sink = sink
        self._now_ms = now_ms
        self._lock = threading.RLock()

    @property
    def variant(self) -> Variant:
        """The rules that are played by."""
        return self._state.variant

    @property
    def board(self) -> Board:
        """The position now."""
        return self._state.board

    @property
    def clock(self) -> ClockState | None:
        """Both clocks as they stood when the turn began; None in a game without clocks."""
        return self._state.clock

    @property
    def ending(self) -> Ending | None:
        """How the game ended; None while it goes on."""
        with self._lock:
            return self._state.ending

    @property
    def draw_state(self) -> DrawState:
        """What the player to move may claim."""
        with self._lock:
            return self._state.draw_state()

    def start_game(self) -> GameEvent:
        """Begin: White's clock runs (FIDE 6.2.1). Raises GameOverError if it has begun before."""
        with self._lock:
            if self._state.events:
                raise GameOverError(action="start", ending="having begun before", fen=self._fen())
            policy = self._state.policy
            return self._record(
                EventKind.STARTED,
                clock=None if policy is None else policy.start(),
                variant=self.variant.name,
                time_control=None if policy is None else policy.time_control(),
            )

    def submit_move(self, move: Move | str, *, by: Color | None = None) -> GameEvent:
        """Play a legal move: a Move, SAN or UCI. Returns its MOVE event, or ENDED if the flag fell first.

        Raises IllegalMoveError and its kinds, OutOfTurnError, GameOverError; the game is then unchanged.
        """
        with self._lock:
            self._must_go_on("move")
            self._must_be_on_move(move, by)
            return self.check_flag() or self._play(self._judged(move))

    def get_history(self) -> tuple[GameEvent, ...]:
        """Return every event so far, in order."""
        with self._lock:
            return tuple(self._state.events)

    def offer_draw(self, by: Color) -> GameEvent:
        """Offer a draw; it stands until the opponent moves, declines or accepts (FIDE 9.1.2)."""
        with self._lock:
            self._must_go_on("offer a draw")
            if self._state.offer is by.opponent:
                return self.accept_draw(by)
            return self._record(EventKind.DRAW_OFFERED, by=by)

    def accept_draw(self, by: Color) -> GameEvent:
        """Accept the opponent's offer (FIDE 5.2.3). Raises InvalidClaimError without an offer."""
        with self._lock:
            self._must_be_offered(by)
            return self._end(Ending(termination=Termination.AGREEMENT), by=by)

    def decline_draw(self, by: Color) -> GameEvent:
        """Decline the opponent's offer. Raises InvalidClaimError without an offer."""
        with self._lock:
            self._must_be_offered(by)
            return self._record(EventKind.DRAW_DECLINED, by=by)

    def claim_draw(self, by: Color, *, move: Move | str | None = None) -> GameEvent:
        """Claim by threefold repetition or fifty moves, at once or with an intended move (FIDE 9.2, 9.3).

        A right claim ends the game. A wrong one is recorded, gives the opponent two minutes, and the
        intended move is played (FIDE 9.5.3). Raises InvalidClaimError for a player not on move.
        """
        with self._lock:
            self._must_go_on("claim a draw")
            if by is not self.board.turn:
                reason = "only the player to move may claim (FIDE 9.2)"
                raise InvalidClaimError(claim="draw", reason=reason, fen=self._fen())
            if (fallen := self.check_flag()) is not None:
                return fallen
            intended = None if move is None else self._judged(move)
            claims = self._claims_with(intended)
            if claims:
                uci = None if intended is None else self._uci(intended)
                return self._end(Ending(termination=claims[0]), by=by, uci=uci)
            rejected = self._penalize(EventKind.CLAIM_REJECTED, by, note="no repetition and no 50 moves")
            if intended is not None:
                self._play(intended)
            return rejected

    def resign(self, by: Color) -> GameEvent:
        """Resign; a draw if the opponent could never mate (FIDE 5.1.2)."""
        with self._lock:
            self._must_go_on("resign")
            return self._end(self._state.lost_by(by, Termination.RESIGNATION), by=by)

    def check_flag(self) -> GameEvent | None:
        """End the game if the flag of the player to move has fallen (FIDE 6.8, 6.9); else None."""
        with self._lock:
            if self.ending is not None:
                return None
            clock = self._clock_after_move()
            if not isinstance(clock, FlagFell):
                return None
            ending = self._state.lost_by(clock.color, Termination.TIME_FORFEIT)
            return self._end(ending, clock=clock.state)

    def record_illegal_move(self, by: Color, text: str) -> GameEvent:
        """Record a completed illegal move over the board: two minutes, the second one loses (FIDE 7.5.5)."""
        with self._lock:
            self._must_go_on("record an illegal move")
            if self._state.faults[by] == 0:
                return self._penalize(EventKind.ILLEGAL_MOVE, by, note=text)
            return self._end(self._state.lost_by(by, Termination.ILLEGAL_MOVES), by=by, note=text)

    def forfeit(self, by: Color, *, note: str) -> GameEvent:
        """End the game against a player who did not come or broke the rules (FIDE 6.7.1, 11.7)."""
        with self._lock:
            self._must_go_on("forfeit")
            return self._end(Ending(termination=Termination.FORFEIT, winner=by.opponent), by=by, note=note)

    def adjudicate(self, winner: Color | None, *, note: str) -> GameEvent:
        """End the game by the arbiter's decision; None is a draw."""
        with self._lock:
            self._must_go_on("adjudicate")
            return self._end(Ending(termination=Termination.ADJUDICATION, winner=winner), note=note)

    def resume(self, events: Iterable[GameEvent]) -> None:
        """Bring a fresh game to where recorded events left it; every move is judged again.

        Raises IllegalMoveError where the record is not what the rules give.
        """
        with self._lock:
            for event in events:
                self._state.take(event, self._replayed(event))
            if self._state.events and self._state.ending is None:
                self._settle()

    def _replayed(self, event: GameEvent) -> Board:
        board = self.board
        if event.kind is EventKind.MOVE and event.uci is not None:
            self._must_go_on("move")
            board = self._engine.apply(board, self._judged(event.uci))
        if event.fen != format_fen(board) or event.ply != board.version:
            text = event.uci or event.kind.value
            reason = f"the record says {event.fen}"
            raise IllegalMoveError(
                text=text, fen=format_fen(board), ply=event.ply, reason=reason, fix="find who changed it."
            )
        return board

    def _judged(self, move: Move | str) -> Move:
        if isinstance(move, str):
            return parse_move(self._engine, self.board, move)
        verdict = self._engine.validate_move(self.board, move)
        if isinstance(verdict, Forbidden):
            ply = self.board.version
            raise IllegalMoveError(text=move.uci(), fen=self._fen(), ply=ply, reason=verdict.reason)
        return move

    def _play(self, move: Move) -> GameEvent:
        before, clock = self.board, self._clock_after_move()
        event = self._record(
            EventKind.MOVE,
            board=self._engine.apply(before, move),
            clock=clock.state if isinstance(clock, FlagFell) else clock,
            by=before.turn,
            uci=self._uci(move),
            san=format_san(self._engine, before, move),
        )
        self._settle()
        return event

    def _settle(self) -> None:
        """Record the ending that the position makes by itself."""
        ending = self._engine.ending(self.board, repetitions=self._state.repetitions())
        if ending is not None:
            self._end(ending)

    def _clock_after_move(self) -> ClockState | FlagFell | None:
        clock, policy = self._state.clock, self._state.policy
        if clock is None or policy is None:
            return None
        elapsed_ms = max(0, self._now_ms() - self._state.turn_began_ms)
        return policy.after_move(clock, self.board.turn, elapsed_ms=elapsed_ms)

    def _claims_with(self, intended: Move | None) -> tuple[Termination, ...]:
        if intended is None:
            return self._state.draw_state().claimable
        return self._state.draw_state_after(self._engine.apply(self.board, intended)).claimable

    def _penalize(self, kind: EventKind, by: Color, *, note: str) -> GameEvent:
        clock, policy = self._state.clock, self._state.policy
        if clock is not None and policy is not None:
            clock = policy.with_bonus(clock, by.opponent, bonus_ms=PENALTY_MS)
        return self._record(kind, clock=clock, by=by, note=note)

    def _end(
        self,
        ending: Ending,
        *,
        by: Color | None = None,
        uci: str | None = None,
        note: str | None = None,
        clock: ClockState | None = None,
    ) -> GameEvent:
        termination, winner = ending.termination, ending.winner
        return self._record(
            EventKind.ENDED,
            clock=clock,
            by=by,
            uci=uci,
            note=note,
            termination=termination,
            winner=winner,
        )

    def _record(
        self,
        kind: EventKind,
        *,
        board: Board | None = None,
        clock: ClockState | None = None,
        **details: Unpack[_Details],
    ) -> GameEvent:
        after = self.board if board is None else board
        shown = clock or self._state.clock
        event = GameEvent(
            kind=kind,
            ply=after.version,
            fen=format_fen(after),
            at_ms=self._now_ms(),
            remaining_ms=None if shown is None else shown.remaining_ms,
            **details,
        )
        if self._sink is not None:
            self._sink.append(len(self._state.events), event)
        self._state.take(event, after)
        return event

    def _uci(self, move: Move) -> str:
        return move.uci(chess960=self.variant.is_chess960)

    def _fen(self) -> str:
        return format_fen(self.board)

    def _must_go_on(self, action: str) -> None:
        if not self._state.events:
            raise GameOverError(action=action, ending="not having begun", fen=self._fen())
        if (ending := self._state.ending) is not None:
            raise GameOverError(action=action, ending=ending.termination.value, fen=self._fen())

    def _must_be_on_move(self, move: Move | str, by: Color | None) -> None:
        if by is None or by is self.board.turn:
            return
        text = move if isinstance(move, str) else move.uci()
        reason = f"it is {self.board.turn.name.lower()}'s turn (FIDE 1.3)"
        raise OutOfTurnError(text=text, fen=self._fen(), ply=self.board.version, reason=reason)

    def _must_be_offered(self, by: Color) -> None:
        self._must_go_on("answer a draw offer")
        if self._state.offer is not by.opponent:
            raise InvalidClaimError(
                claim="draw", reason="the opponent has not offered a draw", fen=self._fen()
            )
