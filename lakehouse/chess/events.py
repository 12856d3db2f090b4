"""What happens in a game, as values: the history of a game is a list of these, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lakehouse.chess.geometry import Color
from lakehouse.chess.termination import Ending, Termination

__all__ = ["EventKind", "GameEvent"]


class EventKind(Enum):
    """The kinds of events."""

    STARTED = "started"
    MOVE = "move"
    DRAW_OFFERED = "draw offered"
    DRAW_DECLINED = "draw declined"
    CLAIM_REJECTED = "claim rejected"
    """A wrong draw claim: the opponent got two minutes (FIDE 9.5.3)."""
    ILLEGAL_MOVE = "illegal move"
    """A completed illegal move, taken back: the opponent got two minutes (FIDE 7.5.5)."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class GameEvent:
    """One event. Fields that its kind doesn't use are None."""

    kind: EventKind
    ply: int
    """How many moves were made when it had happened: a MOVE counts itself."""
    fen: str
    """The position after the event."""
    at_ms: int
    """Milliseconds since the epoch, by the game's own watch."""
    by: Color | None = None
    uci: str | None = None
    san: str | None = None
    remaining_ms: tuple[int, int] | None = None
    """Both clocks after the event, in a timed game."""
    termination: Termination | None = None
    winner: Color | None = None
    note: str | None = None
    variant: str | None = None
    """Of a STARTED event, like the time control."""
    time_control: str | None = None

    @property
    def ending(self) -> Ending | None:
        """The ending of an ENDED event."""
        if self.kind is not EventKind.ENDED or self.termination is None:
            return None
        return Ending(termination=self.termination, winner=self.winner)
