"""How a game can end. Every ending is a value with its reason and its winner."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lakehouse.chess.geometry import Color

__all__ = ["Ending", "Termination"]


class Termination(Enum):
    """The reason of an ending; the value is what PGN's ``Termination`` tag and the logs say."""

    CHECKMATE = "checkmate"
    """FIDE 5.1.1."""
    STALEMATE = "stalemate"
    """FIDE 5.2.1."""
    INSUFFICIENT_MATERIAL = "insufficient material"
    """A dead position that the material alone proves (FIDE 5.2.2)."""
    FIVEFOLD_REPETITION = "fivefold repetition"
    """Automatic (FIDE 9.6.1)."""
    SEVENTYFIVE_MOVES = "seventy-five moves"
    """Automatic (FIDE 9.6.2)."""
    THREEFOLD_REPETITION = "threefold repetition"
    """Claimed (FIDE 9.2)."""
    FIFTY_MOVES = "fifty moves"
    """Claimed (FIDE 9.3)."""
    AGREEMENT = "draw by agreement"
    """FIDE 5.2.3."""
    RESIGNATION = "resignation"
    """FIDE 5.1.2."""
    TIME_FORFEIT = "time forfeit"
    """A flag fell, and the opponent could still mate (FIDE 6.9)."""
    TIMEOUT_WITHOUT_MATING_MATERIAL = "time forfeit without mating material"
    """A flag fell, but no series of legal moves mates (FIDE 6.9): a draw."""
    ILLEGAL_MOVES = "illegal moves"
    """The second illegal move of a player (FIDE 7.5.5)."""
    FORFEIT = "forfeit"
    """A player did not come, or broke a rule (FIDE 6.7.1, 11.7)."""
    ADJUDICATION = "adjudication"
    """An arbiter decided."""
    VARIANT_GOAL = "variant goal"
    """The goal of a variant was reached (three checks, the hill, an exploded king, no pieces)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """That a game ended, why, and who won."""

    termination: Termination
    winner: Color | None = None
    """None for a draw."""

    @property
    def result(self) -> str:
        """``1-0``, ``0-1`` or ``1/2-1/2``, as PGN writes it."""
        if self.winner is None:
            return "1/2-1/2"
        return "1-0" if self.winner is Color.WHITE else "0-1"
